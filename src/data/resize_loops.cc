#include "data/resize_loops.h"

#include <algorithm>

#include "core/cpu.h"

namespace resnet {

namespace {

constexpr int32_t kHalf = 1 << (kPrecisionBits - 1);

uint8_t rounded(int32_t sum) { return static_cast<uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255)); }

}  // namespace

const ResizeLoops& resize_loops() {
  static const ResizeLoops loops =
      isa() >= Isa::avx2 ? ResizeLoops{across_avx2, down_avx2} : ResizeLoops{across_plain, down_plain};
  return loops;
}

void across_plain(const uint8_t* x, int64_t first, int64_t rows, int64_t stride, const Taps& taps, uint8_t* y) {
  for (int64_t r = 0; r < rows; ++r)
    for (size_t i = 0; i < taps.begin.size(); ++i) {
      const uint8_t* in = x + r * stride + (taps.begin[i] - first) * 3;
      const int32_t* w = taps.weight.data() + static_cast<int64_t>(i) * taps.width;
      int32_t sum[3] = {kHalf, kHalf, kHalf};
      for (int64_t k = 0; k < taps.length[i]; ++k)
        for (int c = 0; c < 3; ++c) sum[c] += in[k * 3 + c] * w[k];
      for (const int32_t s : sum) *y++ = rounded(s);
    }
}

void down_plain(const uint8_t* x, int64_t first, int64_t stride, int64_t row, const Taps& taps, uint8_t* y) {
  std::vector<int32_t> sum(static_cast<size_t>(row));
  for (size_t i = 0; i < taps.begin.size(); ++i) {
    std::fill(sum.begin(), sum.end(), kHalf);
    for (int64_t k = 0; k < taps.length[i]; ++k) {
      const uint8_t* in = x + (taps.begin[i] - first + k) * stride;
      const int32_t w = taps.weight[i * static_cast<size_t>(taps.width) + static_cast<size_t>(k)];
      for (size_t j = 0; j < sum.size(); ++j) sum[j] += in[j] * w;
    }
    for (const int32_t s : sum) *y++ = rounded(s);
  }
}

}  // namespace resnet
