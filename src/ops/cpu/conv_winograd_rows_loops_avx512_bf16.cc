// See conv_winograd_rows_loops.h. Transforms and sums are f32, in registers; what is multiplied is rounded to bf16 once.
#include <immintrin.h>

#include "ops/cpu/conv_winograd_rows_loops.h"

namespace resnet {

namespace {

#define UNROLL _Pragma("GCC unroll 16")

__m512 pixel(const WinogradRow& r, int64_t at, int64_t channel) {
  if (at >= r.w) return _mm512_setzero_ps();
  const auto* p = reinterpret_cast<const __m256i*>(r.x + at * r.channels + channel);
  return (__m512)_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256(p)), 16);
}

__m512i halves(__m512 low, __m512 high) { return (__m512i)_mm512_cvtne2ps_pbh(high, low); }

__m512i in_turn(__m512 first, __m512 second) {
  const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21,
                                         5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  return _mm512_permutexvar_epi16(order, halves(first, second));
}

// Walks along a row; the last two inputs of a tile are the first two of the next.
struct Inputs {
  Inputs(const WinogradRow& r, int64_t channel) : x0(_mm512_setzero_ps()), x1(pixel(r, 0, channel)) {}
  void next(const WinogradRow& r, int64_t tile, int64_t channel, __m512 (&v)[4]) {
    const __m512 x2 = pixel(r, 2 * tile + 1, channel), x3 = pixel(r, 2 * tile + 2, channel);
    v[0] = _mm512_sub_ps(x0, x2);
    v[1] = _mm512_add_ps(x1, x2);
    v[2] = _mm512_sub_ps(x2, x1);
    v[3] = _mm512_sub_ps(x1, x3);
    x0 = x2, x1 = x3;
  }
  __m512 x0, x1;
};

struct Gradients {
  Gradients(const WinogradRow&, int64_t) {}
  void next(const WinogradRow& r, int64_t tile, int64_t channel, __m512 (&v)[4]) {
    const __m512 y0 = pixel(r, 2 * tile, channel), y1 = pixel(r, 2 * tile + 1, channel);
    v[0] = y0;
    v[1] = _mm512_add_ps(y0, y1);
    v[2] = _mm512_sub_ps(y0, y1);
    v[3] = _mm512_sub_ps(_mm512_setzero_ps(), y1);
  }
};

template <class Walk> void pairs(const WinogradRow& r, const WinogradRowPairs& to) {
  for (int64_t c = 0; c < r.channels; c += 16) {
    Walk walk(r, c);
    uint16_t* out = to.v + c / 16 * to.block;
    for (int64_t t = 0; t < r.tiles; t += 2, out += to.pair) {
      __m512 first[4], second[4] = {};
      walk.next(r, t, c, first);
      if (t + 1 < r.tiles) walk.next(r, t + 1, c, second);
      UNROLL for (int q = 0; q < 4; ++q) _mm512_storeu_si512(out + q * to.plane, in_turn(first[q], second[q]));
    }
  }
}

__m512i broadcast(const uint16_t* pair) {
  int bits;
  __builtin_memcpy(&bits, pair, sizeof bits);
  return _mm512_set1_epi32(bits);
}

// R rows of one tile. Every input is loaded once for the three kernel rows; the sums stay in registers until they are
// transformed back.
template <int R> void product(const WinogradRowProduct& p, int64_t tile) {
  __m512 sum[R][4] = {};
  const uint16_t* w = p.weights;
  for (int64_t b = 0; b < p.blocks; ++b) {
    const uint16_t* row[(R + 4) / 3];  // of every three the first has a pointer of its own
    UNROLL for (int r = 0; r < R + 2; r += 3) row[r / 3] = p.v + r * p.row + b * p.block + tile * 64;
    for (int k = 0; k < 8; ++k, w += 384) UNROLL for (int q = 0; q < 4; ++q) {
        __m512bh u[3];
        UNROLL for (int ky = 0; ky < 3; ++ky) u[ky] = (__m512bh)_mm512_loadu_si512(w + (q * 3 + ky) * 32);
        UNROLL for (int r = 0; r < R + 2; ++r) {
          const auto a = (__m512bh)broadcast(row[r / 3] + r % 3 * p.row + q * 16 + 2 * k);
          UNROLL for (int ky = 0; ky < 3; ++ky) if (r >= ky && r - ky < R) sum[r - ky][q] =
              _mm512_dpbf16_ps(sum[r - ky][q], u[ky], a);
        }
      }
  }
  float* y = p.y + tile * 32;
  UNROLL for (int r = 0; r < R; ++r, y += p.y_row) {
    const __m512 middle = _mm512_add_ps(sum[r][0], sum[r][1]), end = _mm512_sub_ps(sum[r][1], sum[r][2]);
    _mm512_storeu_ps(y, _mm512_add_ps(middle, sum[r][2]));
    _mm512_storeu_ps(y + 16, _mm512_sub_ps(end, sum[r][3]));
  }
}

template <int R> void product_of_height(const WinogradRowProduct& p) {
  if constexpr (R > 1) {
    if (p.rows < R) return product_of_height<R - 1>(p);
  }
  for (int64_t tile = 0; tile < p.tiles; ++tile) product<R>(p, tile);
}

}  // namespace

void winograd_row(const WinogradRow& r, uint16_t* v, int64_t block) {
  for (int64_t c = 0; c < r.channels; c += 16) {
    Inputs walk(r, c);
    uint16_t* out = v + c / 16 * block;
    for (int64_t t = 0; t < r.tiles; ++t, out += 64) {
      __m512 d[4];
      walk.next(r, t, c, d);
      _mm512_storeu_si512(out, halves(d[0], d[1]));
      _mm512_storeu_si512(out + 32, halves(d[2], d[3]));
    }
  }
}

void winograd_row_pairs(const WinogradRow& x, const WinogradRowPairs& to) { pairs<Inputs>(x, to); }
void winograd_row_gradient_pairs(const WinogradRow& dy, const WinogradRowPairs& to) { pairs<Gradients>(dy, to); }

void winograd_row_product(const WinogradRowProduct& p) { product_of_height<kWinogradRows>(p); }

void winograd_row_weights(const WinogradRowWeights& w, uint16_t* u) {
  alignas(64) float g[3][16];
  for (int i = 0; i < 16; i += 2, u += 384)
    for (int ky = 0; ky < 3; ++ky) {
      __m512 v[2][4];
      for (int j = 0; j < 2; ++j) {
        for (int kx = 0; kx < 3; ++kx) {
          const int tap = w.turned ? 8 - (ky * 3 + kx) : ky * 3 + kx;
          for (int o = 0; o < 16; ++o) g[kx][o] = w.w[o * w.out + (i + j) * w.in + tap];
        }
        const __m512 half = _mm512_set1_ps(0.5f), g0 = _mm512_load_ps(g[0]), g2 = _mm512_load_ps(g[2]);
        const __m512 even = _mm512_mul_ps(half, _mm512_add_ps(g0, g2)), odd = _mm512_mul_ps(half, _mm512_load_ps(g[1]));
        v[j][0] = g0, v[j][1] = _mm512_add_ps(even, odd), v[j][2] = _mm512_sub_ps(even, odd), v[j][3] = g2;
      }
      UNROLL for (int q = 0; q < 4; ++q) _mm512_storeu_si512(u + (q * 3 + ky) * 32, in_turn(v[0][q], v[1][q]));
    }
}

void winograd_row_weight_gradient(const float* du, float* dw, int64_t out, int64_t in) {
  alignas(64) float g[3][16];
  const __m512 half = _mm512_set1_ps(0.5f);
  for (int ky = 0; ky < 3; ++ky)
    for (int i = 0; i < 16; ++i) {
      __m512 u[4];
      UNROLL for (int q = 0; q < 4; ++q) u[q] = _mm512_loadu_ps(du + ((q * 3 + ky) * 16 + i) * 16);
      const __m512 even = _mm512_mul_ps(half, _mm512_add_ps(u[1], u[2]));
      _mm512_store_ps(g[0], _mm512_add_ps(u[0], even));
      _mm512_store_ps(g[1], _mm512_mul_ps(half, _mm512_sub_ps(u[1], u[2])));
      _mm512_store_ps(g[2], _mm512_add_ps(even, u[3]));
      for (int kx = 0; kx < 3; ++kx)
        for (int o = 0; o < 16; ++o) dw[o * out + i * in + ky * 3 + kx] = g[kx][o];
    }
}

}  // namespace resnet
