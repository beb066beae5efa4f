// 3x3 convolutions without stride of few channels in bf16, such as the first stages of the CIFAR networks, by Winograd's
// algorithm along rows (conv_winograd_rows_loops.h): all three passes, picture by picture.
#include <algorithm>
#include <cstring>
#include <vector>

#include "core/check.h"
#include "core/cpu.h"
#include "core/parallel.h"
#include "ops/cpu/conv_ahead.h"
#include "ops/cpu/conv_few_channels.h"
#include "ops/cpu/conv_narrow_loops.h"
#include "ops/cpu/conv_own_pack.h"
#include "ops/cpu/conv_pass.h"
#include "ops/cpu/conv_result_sums.h"
#include "ops/cpu/conv_winograd_rows_loops.h"
#include "ops/cpu/gemm_tile.h"
#include "ops/cpu/packed_storage.h"
#include "ops/cpu/past_caches.h"

namespace resnet {

namespace {

constexpr const char* kName = "winograd1x4";
constexpr int64_t kWeights = 3 * 6 * 256;  // of 16 inputs and 16 outputs, transformed

class WinogradRows : public ConvPass {
 public:
  explicit WinogradRows(const ConvShape& s) : s_(s), tiles_(ceil_div(s.w, 4)) {}
  std::string name() const override { return kName; }
  size_t workspace_bytes() const override { return static_cast<size_t>(threads_) * thread_bytes(); }

 protected:
  void check_threads() const { check_planned_threads(kName, threads_); }
  virtual size_t thread_bytes() const = 0;
  std::byte* memory(const ConvArgs& a, int64_t thread) const {
    return static_cast<std::byte*>(a.workspace) + static_cast<size_t>(thread) * thread_bytes();
  }
  WinogradRow row_of(const void* pictures, int64_t channels, int64_t y) const {
    return {static_cast<const uint16_t*>(pictures) + y * s_.w * channels, s_.w, channels, tiles_};
  }

  const ConvShape s_;
  const int64_t tiles_;  // of a row
  const int threads_ = threads();
};

// Forward, and the data gradient, which is a forward of dy with turned weights.
class RowsConv final : public WinogradRows {
 public:
  explicit RowsConv(const ConvCase& c)
      : WinogradRows(c.shape),
        turned_(c.pass == ConvPassKind::data_gradient),
        in_(turned_ ? s_.oc : s_.c),
        out_(turned_ ? s_.c : s_.oc),
        strips_(ceil_div(threads_, s_.n)),
        groups_(ceil_div(s_.w, kPixels)),
        block_(tiles_ * 96),
        row_(in_ / 16 * block_ + 32),  // not a power of two
        stream_((out_ % 32 == 0 || (out_ == 16 && s_.w % 2 == 0)) && past_caches(s_.n * s_.h * s_.w * out_ * 2)),
        weights_(packed_storage({in_ / 16 * out_ / 16 * kWeights}, DType::bf16)) {
    for (int64_t x = 0; x < groups_ * kPixels; ++x) offset_.push_back(x < s_.w ? x * out_ : -1);
  }

  // [out/16][in/16][kWeights]
  void pack(const float* w) override {
    const int64_t blocks = in_ / 16;
    parallel_for(out_ / 16 * blocks, [&](int64_t begin, int64_t end, int) {
      for (int64_t b = begin; b < end; ++b) {
        WinogradRowWeights from;
        from.out = turned_ ? 9 : in_ * 9;
        from.in = turned_ ? out_ * 9 : 9;
        from.w = w + b / blocks * 16 * from.out + b % blocks * 16 * from.in;
        from.turned = turned_;
        winograd_row_weights(from, packed() + b * kWeights);
      }
    });
  }

  void run(const ConvArgs& a) override {
    check_threads();
    parallel_for(s_.n * strips_, [&](int64_t begin, int64_t end, int thread) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t n = i / strips_, strip = i % strips_;
        write_rows(a, n, n, s_.h * strip / strips_, s_.h * (strip + 1) / strips_, thread);
      }
    });
  }
  void run_range(const ConvArgs& a, int64_t first, int64_t count, int thread, bool /*fresh*/) override {
    for (int64_t n = 0; n < count; ++n) write_rows(a, n, first + n, 0, s_.h, thread);
  }

 private:
  static constexpr int64_t kPixels = 16;   // of a row, in a tile of results
  static constexpr int64_t kFetched = 64;  // lines for a column of such tiles

  size_t thread_bytes() const override {
    return static_cast<size_t>(kWinogradRows * 2 * kResultElements * 4 + round_up((kWinogradRows + 2) * row_, 32) * 2 +
                               kThreadGap);
  }
  uint16_t* packed() const { return static_cast<uint16_t*>(weights_.raw()); }

  // Rows [y0, y1) of picture `to`, from the one that is the given's number `from`.
  void write_rows(const ConvArgs& a, int64_t from, int64_t to, int64_t y0, int64_t y1, int thread) const {
    auto* results = reinterpret_cast<float*>(memory(a, thread));
    auto* lines = reinterpret_cast<uint16_t*>(results + kWinogradRows * 2 * kResultElements);
    int64_t row = y0 - 1;  // to be transformed next
    int64_t y = y0, rows = 0;
    for (int64_t left = ceil_div(y1 - y0, kWinogradRows); left > 0; --left, y += rows) {
      if (rows > 0) std::memmove(lines, lines + rows * row_, static_cast<size_t>(2 * row_) * 2);
      rows = ceil_div(y1 - y, left);
      for (; row <= y + rows; ++row) transform(a, from, row, lines + (row - y + 1) * row_);
      for (int64_t group = 0; group < groups_; ++group) {
        const Place place{to, y, rows, group, thread};
        for (int64_t o = 0; o < out_ / 16; o += 2) write_tiles(a, place, o, lines, results);
        if (a.ahead) a.ahead->fetch(kFetched);
      }
    }
  }

  struct Place {
    int64_t n, y, rows, group;
    int thread;
  };

  void transform(const ConvArgs& a, int64_t n, int64_t y, uint16_t* to) const {
    if (y < 0 || y >= s_.h)
      std::memset(to, 0, static_cast<size_t>(row_) * 2);
    else
      winograd_row(row_of(turned_ ? a.dy : a.x, in_, n * s_.h + y), to, block_);
  }

  // A column of result tiles, of one or two blocks of channels from block o on.
  void write_tiles(const ConvArgs& a, const Place& at, int64_t o, const uint16_t* lines, float* results) const {
    const int64_t columns = std::min<int64_t>(2, out_ / 16 - o), first = at.group * kPixels / 4;
    WinogradRowProduct p;
    p.v = lines + first * 96;
    p.row = row_;
    p.blocks = in_ / 16;
    p.block = block_;
    p.rows = at.rows;
    p.tiles = std::min(kPixels / 4, tiles_ - first);
    p.y_row = columns * kResultElements;
    for (int64_t j = 0; j < columns; ++j) {
      p.weights = packed() + (o + j) * p.blocks * kWeights;
      p.y = results + j * kResultElements;
      winograd_row_product(p);
    }
    ResultStore s;
    s.n_tiles = static_cast<int>(columns);
    s.c_stride = p.y_row;
    s.y = static_cast<uint16_t*>(turned_ ? a.dx : a.y);
    s.addend = static_cast<const uint16_t*>(turned_ ? (a.accumulate ? a.dx : nullptr) : a.addend);
    s.channel = o * 16;
    s.next = at.rows * s_.w * out_;
    s.bias = a.bias ? a.bias + o * 16 : nullptr;
    s.relu = a.relu;
    s.stream = stream_ && s.addend == nullptr && reinterpret_cast<uintptr_t>(s.y) % 64 == 0;
    if (a.sums) sum_results(s, *a.sums, out_, o * 16, at.thread);
    static_assert(kWinogradRows <= kMaxTiles);
    s.m_tiles = static_cast<int>(at.rows);
    s.c = results;
    for (int i = 0; i < s.m_tiles; ++i) {
      s.at[i] = ((at.n * s_.h + at.y + i) * s_.w) * out_;
      s.offset[i] = offset_.data() + at.group * kPixels;
    }
    store_results(s);
  }

  const bool turned_;
  const int64_t in_, out_, strips_;  // strips: parts of a picture that threads share out
  const int64_t groups_;             // result tiles of a row
  const int64_t block_, row_;        // elements of a transformed row's 16 channels, and of all
  const bool stream_;                // write around the caches
  std::vector<int64_t> offset_;      // of a row's pixels; negative: there is none
  Tensor weights_;
};

class RowsWeightGradient final : public WinogradRows {
 public:
  explicit RowsWeightGradient(const ConvCase& c)
      : WinogradRows(c.shape),
        pairs_(ceil_div(tiles_, 2)),
        x_plane_(pairs_ * s_.h * 32),
        dy_plane_(pairs_ * (s_.h + 2) * 32) {}

  void run(const ConvArgs& a) override {
    check_threads();
    parallel_for(s_.n, [&](int64_t begin, int64_t end, int thread) {
      for (int64_t n = begin; n < end; ++n) add_picture(a, n, thread, n == begin);
    });
    finish_ranges(a, s_.n);
  }
  void run_range(const ConvArgs& a, int64_t /*first*/, int64_t count, int thread, bool fresh) override {
    for (int64_t n = 0; n < count; ++n) add_picture(a, n, thread, fresh && n == 0);
  }

  void finish_ranges(const ConvArgs& a, int64_t ranges) override {
    std::vector<int64_t> parts;
    for (const int t : threads_with_part(ranges)) parts.push_back(t * static_cast<int64_t>(thread_bytes() / 4));
    const int64_t blocks = s_.c / 16;
    parallel_for(s_.oc / 16 * blocks, [&](int64_t begin, int64_t end, int) {
      alignas(64) float sum[kWeights];
      for (int64_t b = begin; b < end; ++b) {
        for (int64_t i = 0; i < kWeights; i += kResultElements)
          add_tiles(sums(a, 0) + b * kWeights + i, parts.data(), static_cast<int64_t>(parts.size()), sum + i);
        winograd_row_weight_gradient(sum, a.dw + (b / blocks * s_.c + b % blocks) * 16 * 9, s_.c * 9, 9);
      }
    });
  }

 private:
  size_t thread_bytes() const override {
    return static_cast<size_t>(s_.oc / 16 * s_.c / 16 * kWeights * 4 +
                               (s_.c / 16 * x_plane_ + s_.oc / 16 * dy_plane_) * 6 * 2 + kThreadGap);
  }
  // [out/16][in/16][6 positions][3 kernel rows][16 inputs][16 outputs]
  float* sums(const ConvArgs& a, int thread) const { return reinterpret_cast<float*>(memory(a, thread)); }

  // Transformed planes, columns first: x [in/16][6][pair][row], and dy with a row of zeros above and below.
  void add_picture(const ConvArgs& a, int64_t n, int thread, bool fresh) const {
    float* sum = sums(a, thread);
    auto* x = reinterpret_cast<uint16_t*>(sum + s_.oc / 16 * s_.c / 16 * kWeights);
    uint16_t* dy = x + s_.c / 16 * 6 * x_plane_;
    for (int64_t y = 0; y < s_.h; ++y) {
      winograd_row_pairs(row_of(a.x, s_.c, n * s_.h + y), {x + y * 32, 6 * x_plane_, x_plane_, s_.h * 32});
      winograd_row_gradient_pairs(row_of(a.dy, s_.oc, n * s_.h + y),
                                  {dy + (y + 1) * 32, 6 * dy_plane_, dy_plane_, (s_.h + 2) * 32});
      if (a.ahead) a.ahead->fetch(kFetched);
    }
    for (int64_t column = 0; fresh && column < s_.oc / 16 * 6 * pairs_; ++column) {
      uint16_t* to = dy + column * (s_.h + 2) * 32;
      std::memset(to, 0, 64);
      std::memset(to + (s_.h + 1) * 32, 0, 64);
    }
    // Down a column, a product has the form of a direct one along a row.
    NarrowGradient g;
    g.rows = pairs_;
    g.columns = s_.h;
    g.dw_step = kResultElements;
    g.fresh = fresh;
    for (int64_t o = 0; o < s_.oc / 16; ++o)
      for (int64_t i = 0; i < s_.c / 16; ++i)
        for (int64_t position = 0; position < 6; ++position) {
          g.x = x + (i * 6 + position) * x_plane_;
          g.dy = dy + (o * 6 + position) * dy_plane_;
          g.dw = sum + (o * (s_.c / 16) + i) * kWeights + position * 3 * kResultElements;
          narrow_gradient(g);
          if (a.ahead) a.ahead->fetch(4 * kFetched);
        }
  }

  static constexpr int64_t kFetched = 16;  // lines a row

  const int64_t pairs_, x_plane_, dy_plane_;  // of tiles in a row; elements of a position's plane
};

std::string reject(const ConvCase& c) {
  return c.direct ? "direct convolutions were asked for" : reject_few_channels(c);
}

std::unique_ptr<ConvPass> make(const ConvCase& c) {
  if (c.pass == ConvPassKind::weight_gradient) return std::make_unique<RowsWeightGradient>(c);
  return std::make_unique<RowsConv>(c);
}

const RegisterConvPass registered{{kName, 45, true, reject, make}};

}  // namespace

}  // namespace resnet
