// See conv_narrow_loops.h. A vector holds 16 output channels; pairs of inputs (forward) or the same input of two pictures
// (weight gradient) are broadcast to meet them.
#include <immintrin.h>

#include "ops/cpu/conv_narrow_loops.h"

namespace resnet {

namespace {

#define UNROLL _Pragma("GCC unroll 32")

constexpr int kMaxPixels = 16;

__m512i broadcast(const uint16_t* pair) {
  int bits;
  __builtin_memcpy(&bits, pair, sizeof bits);
  return _mm512_set1_epi32(bits);
}

__m512 product(__m512 sum, __m512i a, __m512i b) { return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b); }

__m512 widen(const uint16_t* p) {
  const __m256i half = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  return (__m512)_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16);
}

// Output pixels [first, first + P).
template <int P> void pixels(const NarrowRow& r, int64_t first) {
  __m512 sum[P];
  UNROLL for (int i = 0; i < P; ++i) sum[i] = r.bias ? _mm512_loadu_ps(r.bias) : _mm512_setzero_ps();
  const uint16_t* w = r.w;
  for (int ky = 0; ky < 3; ++ky) {
    const uint16_t* x = r.x + ky * r.row + first * r.in;
    for (int64_t k = 0; k < r.in; k += 2, w += 96) {
      __m512i tap[3];
      UNROLL for (int kx = 0; kx < 3; ++kx) tap[kx] = _mm512_loadu_si512(w + 32 * kx);
      UNROLL for (int i = 0; i < P + 2; ++i) {
        const __m512i a = broadcast(x + i * r.in + k);
        UNROLL for (int kx = 0; kx < 3; ++kx) if (i >= kx && i - kx < P) sum[i - kx] = product(sum[i - kx], tap[kx], a);
      }
    }
  }
  UNROLL for (int i = 0; i < P; ++i) {
    const int64_t at = (first + i) * r.step;
    if (r.addend) sum[i] = _mm512_add_ps(sum[i], widen(r.addend + at));
    if (r.relu)
      sum[i] = _mm512_mask_mov_ps(sum[i], _mm512_cmp_ps_mask(sum[i], _mm512_setzero_ps(), _CMP_LT_OQ),
                                  _mm512_setzero_ps());  // NaN stays
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(r.y + at), (__m256i)_mm512_cvtneps_pbh(sum[i]));
  }
}

template <int P> void pixels_of_height(const NarrowRow& r, int64_t first, int64_t count) {
  if constexpr (P > 1) {
    if (count < P) return pixels_of_height<P - 1>(r, first, count);
  }
  pixels<P>(r, first);
}

// Inputs [first, first + M) of 16.
template <int M> void inputs(const NarrowGradient& g, int first) {
  __m512 sum[3][M];
  float* dw = g.dw + first * 16;
  UNROLL for (int kx = 0; kx < 3; ++kx) UNROLL for (int m = 0; m < M; ++m) sum[kx][m] =
      g.fresh ? _mm512_setzero_ps() : _mm512_loadu_ps(dw + kx * g.dw_step + m * 16);
  const uint16_t *x = g.x + 2 * first, *dy = g.dy;
  for (int64_t row = 0; row < g.rows; ++row) {
    // x at column j meets dy at j + 1 - kx, which is column j + 2 - kx of the padded row.
    __m512i right = _mm512_loadu_si512(dy), middle = _mm512_loadu_si512(dy + 32);
    dy += 64;
    for (int64_t j = 0; j < g.columns; ++j, x += 32, dy += 32) {
      const __m512i left = _mm512_loadu_si512(dy);
      UNROLL for (int m = 0; m < M; ++m) {
        const __m512i a = broadcast(x + 2 * m);
        sum[0][m] = product(sum[0][m], left, a);
        sum[1][m] = product(sum[1][m], middle, a);
        sum[2][m] = product(sum[2][m], right, a);
      }
      right = middle;
      middle = left;
    }
  }
  UNROLL for (int kx = 0; kx < 3; ++kx) UNROLL for (int m = 0; m < M; ++m)
      _mm512_storeu_ps(dw + kx * g.dw_step + m * 16, sum[kx][m]);
}

}  // namespace

void narrow_row(const NarrowRow& r) {
  int64_t first = 0;
  for (int64_t left = (r.count + kMaxPixels - 1) / kMaxPixels; left > 0; --left) {
    const int64_t count = (r.count - first + left - 1) / left;
    pixels_of_height<kMaxPixels>(r, first, count);
    first += count;
  }
}

void narrow_gradient(const NarrowGradient& g) {
  inputs<8>(g, 0);
  inputs<8>(g, 8);
}

}  // namespace resnet
