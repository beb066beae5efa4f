// See conv_winograd_rows_loops.h. Transforms and sums are f32, in registers; what is multiplied is rounded to bf16 once.
#include <immintrin.h>

#include "ops/cpu/conv_winograd_rows_loops.h"
#include "ops/cpu/conv_winograd_transforms.h"

namespace resnet {

namespace {

struct TransformMath {
  typedef __m512 Vector;
  static __m512 plus(__m512 sum, __m512 a, float b) { return _mm512_fmadd_ps(a, _mm512_set1_ps(b), sum); }
  static __m512 minus(__m512 sum, __m512 a, float b) { return _mm512_fnmadd_ps(a, _mm512_set1_ps(b), sum); }
};
typedef WinogradTransform<TransformMath, 4> F4;

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
  void next(const WinogradRow& r, int64_t tile, int64_t channel, __m512 (&v)[6]) {
    v[0] = x0, v[1] = x1;
    UNROLL for (int i = 2; i < 6; ++i) v[i] = pixel(r, 4 * tile + i - 1, channel);
    x0 = v[4], x1 = v[5];
    F4::input(v);
  }
  __m512 x0, x1;
};

struct Gradients {
  Gradients(const WinogradRow&, int64_t) {}
  void next(const WinogradRow& r, int64_t tile, int64_t channel, __m512 (&v)[6]) {
    __m512 y[4];
    UNROLL for (int i = 0; i < 4; ++i) y[i] = pixel(r, 4 * tile + i, channel);
    F4::gradient(y, v);
  }
};

template <class Walk> void pairs(const WinogradRow& r, const WinogradRowPairs& to) {
  for (int64_t c = 0; c < r.channels; c += 16) {
    Walk walk(r, c);
    uint16_t* out = to.v + c / 16 * to.block;
    for (int64_t t = 0; t < r.tiles; t += 2, out += to.pair) {
      __m512 first[6], second[6] = {};
      walk.next(r, t, c, first);
      if (t + 1 < r.tiles) walk.next(r, t + 1, c, second);
      UNROLL for (int q = 0; q < 6; ++q) _mm512_storeu_si512(out + q * to.plane, in_turn(first[q], second[q]));
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
  __m512 sum[R][6] = {};
  const uint16_t* w = p.weights;
  for (int64_t b = 0; b < p.blocks; ++b) {
    const uint16_t* row[(R + 4) / 3];  // of every three the first has a pointer of its own
    UNROLL for (int r = 0; r < R + 2; r += 3) row[r / 3] = p.v + r * p.row + b * p.block + tile * 96;
    for (int k = 0; k < 8; ++k, w += 576) UNROLL for (int q = 0; q < 6; ++q) {
        __m512bh u[3];
        UNROLL for (int ky = 0; ky < 3; ++ky) u[ky] = (__m512bh)_mm512_loadu_si512(w + (q * 3 + ky) * 32);
        UNROLL for (int r = 0; r < R + 2; ++r) {
          const auto a = (__m512bh)broadcast(row[r / 3] + r % 3 * p.row + q * 16 + 2 * k);
          UNROLL for (int ky = 0; ky < 3; ++ky) if (r >= ky && r - ky < R) sum[r - ky][q] =
              _mm512_dpbf16_ps(sum[r - ky][q], u[ky], a);
        }
      }
  }
  float* y = p.y + tile * 64;
  UNROLL for (int r = 0; r < R; ++r, y += p.y_row) {
    __m512 out[4];
    F4::output(sum[r], out);
    UNROLL for (int i = 0; i < 4; ++i) _mm512_storeu_ps(y + 16 * i, out[i]);
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
    for (int64_t t = 0; t < r.tiles; ++t, out += 96) {
      __m512 d[6];
      walk.next(r, t, c, d);
      UNROLL for (int q = 0; q < 6; q += 2) _mm512_storeu_si512(out + q * 16, halves(d[q], d[q + 1]));
    }
  }
}

void winograd_row_pairs(const WinogradRow& x, const WinogradRowPairs& to) { pairs<Inputs>(x, to); }
void winograd_row_gradient_pairs(const WinogradRow& dy, const WinogradRowPairs& to) { pairs<Gradients>(dy, to); }

void winograd_row_product(const WinogradRowProduct& p) { product_of_height<kWinogradRows>(p); }

void winograd_row_weights(const WinogradRowWeights& w, uint16_t* u) {
  alignas(64) float g[3][16];
  for (int i = 0; i < 16; i += 2, u += 576)
    for (int ky = 0; ky < 3; ++ky) {
      __m512 v[2][6];
      for (int j = 0; j < 2; ++j) {
        for (int kx = 0; kx < 3; ++kx) {
          const int tap = w.turned ? 8 - (ky * 3 + kx) : ky * 3 + kx;
          for (int o = 0; o < 16; ++o) g[kx][o] = w.w[o * w.out + (i + j) * w.in + tap];
        }
        const __m512 taps[3] = {_mm512_load_ps(g[0]), _mm512_load_ps(g[1]), _mm512_load_ps(g[2])};
        F4::weights(taps, v[j]);
      }
      UNROLL for (int q = 0; q < 6; ++q) _mm512_storeu_si512(u + (q * 3 + ky) * 32, in_turn(v[0][q], v[1][q]));
    }
}

void winograd_row_weight_gradient(const float* du, float* dw, int64_t out, int64_t in) {
  alignas(64) float g[3][16];
  for (int ky = 0; ky < 3; ++ky)
    for (int i = 0; i < 16; ++i) {
      __m512 u[6];
      UNROLL for (int q = 0; q < 6; ++q) u[q] = _mm512_loadu_ps(du + ((q * 3 + ky) * 16 + i) * 16);
      __m512 taps[3];
      F4::weight_gradient(u, taps);
      for (int kx = 0; kx < 3; ++kx) _mm512_store_ps(g[kx], taps[kx]);
      for (int kx = 0; kx < 3; ++kx)
        for (int o = 0; o < 16; ++o) dw[o * out + i * in + ky * 3 + kx] = g[kx][o];
    }
}

}  // namespace resnet
