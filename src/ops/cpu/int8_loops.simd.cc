#include "ops/cpu/int8_loops.h"

namespace resnet {
namespace {

constexpr int64_t kLanes = 64;

// To the nearest integer, half to even, within u8.
inline uint8_t to_u8(float v) {
  constexpr float kShift = 12582912.0f;  // 1.5·2^23: the sum has no bits left behind the point
  v = v < 0.0f ? 0.0f : v > 255.0f ? 255.0f : v;
  return static_cast<uint8_t>(static_cast<int32_t>((v + kShift) - kShift));
}

void quantize(const float* x, uint8_t* y, int64_t n, float factor, float zero) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] = to_u8(x[i] * factor + zero);
}

void average(const uint8_t* x, uint8_t* y, int64_t pixels, int64_t channels, float factor, int32_t zero) {
  for (int64_t c = 0; c < channels; c += kLanes) {
    const int64_t n = channels - c < kLanes ? channels - c : kLanes;
    int32_t sum[kLanes] = {};
    for (int64_t p = 0; p < pixels; ++p) {
      const uint8_t* from = x + p * channels + c;
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) sum[i] += from[i];
    }
    const auto offset = static_cast<int32_t>(pixels) * zero;
#pragma omp simd
    for (int64_t i = 0; i < n; ++i)
      y[c + i] = to_u8(static_cast<float>(sum[i] - offset) * factor + static_cast<float>(zero));
  }
}

// The largest of the window's pixels, for n <= kLanes channels.
inline void max_pixel(const PoolShape& s, const uint8_t* x, uint8_t* y, int64_t n, int64_t top, int64_t left) {
  uint8_t best[kLanes] = {};
  for (int64_t ky = 0; ky < s.kh; ++ky) {
    const int64_t iy = top + ky;
    if (iy < 0 || iy >= s.h) continue;
    for (int64_t kx = 0; kx < s.kw; ++kx) {
      const int64_t ix = left + kx;
      if (ix < 0 || ix >= s.w) continue;
      const uint8_t* from = x + (iy * s.w + ix) * s.c;
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) best[i] = from[i] > best[i] ? from[i] : best[i];
    }
  }
  for (int64_t i = 0; i < n; ++i) y[i] = best[i];
}

void max(const PoolShape& s, const uint8_t* x, uint8_t* y, int64_t begin, int64_t end) {
  for (int64_t oy = begin; oy < end; ++oy)
    for (int64_t ox = 0; ox < s.ow; ++ox) {
      const int64_t top = oy * s.stride - s.pad, left = ox * s.stride - s.pad;
      uint8_t* to = y + (oy * s.ow + ox) * s.c;
      int64_t c = 0;
      for (; c + kLanes <= s.c; c += kLanes) max_pixel(s, x + c, to + c, kLanes, top, left);
      if (c < s.c) max_pixel(s, x + c, to + c, s.c - c, top, left);
    }
}

}  // namespace

namespace SIMD_NS {
extern const Int8Loops int8_element_loops;
const Int8Loops int8_element_loops = {quantize, average, max};
}  // namespace SIMD_NS

}  // namespace resnet
