// Fetching what is read next into the second-level cache, a few lines with every product of tiles.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace resnet {

/// Lines that arrive from memory while four tiles are multiplied over one K block, about.
inline constexpr int64_t kLinesEachBlock = 1;

class Ahead {
 public:
  /// `runs` runs of `bytes` bytes, `step` bytes apart. At most three calls.
  void add(const void* x, int64_t bytes, int64_t step = 0, int64_t runs = 1) {
    if (bytes > 0 && runs > 0) parts_[count_++] = {static_cast<const char*>(x), bytes, step, runs};
  }
  void fetch(int64_t lines) {
    while (lines > 0 && part_ < count_) {
      Part& p = parts_[part_];
      const char* const begin = p.at + done_;
      const char* const end = p.at + std::min(done_ + lines * kLine, p.bytes);
      for (const char* x = begin; x < end; x += kLine, --lines) _mm_prefetch(x, _MM_HINT_T1);
      done_ += end - begin;
      if (done_ < p.bytes) return;
      done_ = 0;
      p.at += p.step;
      if (--p.runs == 0) ++part_;
    }
  }
  int64_t lines() const {
    int64_t all = 0;
    for (size_t i = part_; i < count_; ++i) all += (parts_[i].bytes + kLine - 1) / kLine * parts_[i].runs;
    return all;
  }

 private:
  static constexpr int64_t kLine = 64;
  struct Part {
    const char* at;
    int64_t bytes, step, runs;
  };
  std::array<Part, 3> parts_{};
  size_t count_ = 0, part_ = 0;
  int64_t done_ = 0;
};

}  // namespace resnet
