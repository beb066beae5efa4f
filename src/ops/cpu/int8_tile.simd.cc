// Int8Isa in plain loops that the compiler vectorises: for processors without AVX-512, and wherever speed does not count.
#include "ops/cpu/int8_tile.h"

namespace resnet {
namespace {

void nothing() {}

// The sums of one pixel and half a panel: products of four neighbours at a time, which fit i32 exactly.
inline void multiply_row(const Int8Product& p, const uint8_t* a, int half, int32_t* c) {
  int32_t sum[16] = {};
  if (p.accumulate)
    for (int i = 0; i < 16; ++i) sum[i] = c[i];
  for (int64_t k = 0; k < p.blocks; ++k) {
    const uint8_t* x = a + p.a_step[k];
    const int8_t* w = p.b + k * kInt8Block + half * (kInt8Block / 2);
    for (int quad = 0; quad < p.quads[k]; ++quad, x += 4, w += 64)
#pragma omp simd
      for (int i = 0; i < 16; ++i)
        sum[i] += x[0] * w[4 * i] + x[1] * w[4 * i + 1] + x[2] * w[4 * i + 2] + x[3] * w[4 * i + 3];
  }
  for (int i = 0; i < 16; ++i) c[i] = sum[i];
}

void multiply(const Int8Product& p) {
  for (int tile = 0; tile < p.tiles; ++tile)
    for (int half = 0; half < 2; ++half)
      for (int64_t row = 0; row < kInt8Rows; ++row)
        multiply_row(p, p.a[tile] + p.pixel[tile][row], half, p.c + ((tile * 2 + half) * kInt8Rows + row) * 16);
}

// To the nearest integer, half to even, as processors convert by default.
inline int32_t nearest(float v) {
  constexpr float kShift = 12582912.0f;  // 1.5·2^23: the sum has no bits left behind the point
  return static_cast<int32_t>((v + kShift) - kShift);
}

inline uint8_t to_u8(float v) {
  v = v < 0.0f ? 0.0f : v > 255.0f ? 255.0f : v;
  return static_cast<uint8_t>(nearest(v));
}

void store(const Int8Store& s) {
  for (int64_t p = 0; p < s.tiles * kInt8Rows; ++p) {
    if (s.target[p] < 0) continue;
    const int32_t* c = s.c + p / 16 * 512 + p % 16 * 16;
    for (int64_t ch = 0; ch < s.channels; ++ch) {
      const int64_t place = int8_place(ch);
      float v = static_cast<float>(c[place / 16 * 256 + place % 16]) * s.scale[place] + s.shift[place];
      if (s.addend) v += static_cast<float>(s.addend[s.target[p] + ch]) * s.addend_scale;
      if (s.y_f32)
        s.y_f32[s.target[p] + ch] = v;
      else
        s.y[s.target[p] + ch] = to_u8(v);
    }
  }
}

void finish(const Int8Product& p, const Int8Store& s) {
  multiply(p);
  store(s);
}

}  // namespace

namespace SIMD_NS {
extern const Int8Isa int8_loops;
const Int8Isa int8_loops = {"int8", false, nothing, nothing, multiply, store, finish};
}  // namespace SIMD_NS

}  // namespace resnet
