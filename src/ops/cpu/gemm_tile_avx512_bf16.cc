// TileGemm on vdpbf16ps: 8 or 16 rows of A (broadcast pairs) by one to three tiles of B are kept in vector registers.
// Only plain functions here: an inline one shared with other files might be linked in with these instructions.
#include <immintrin.h>

#include "ops/cpu/gemm_tile.h"

namespace resnet {

namespace {

#define UNROLL _Pragma("GCC unroll 16")

// acc += the product of one pair of A's columns, R rows of it, and what is at `b`.
template <int R, int N>
[[gnu::always_inline]] inline void multiply_pair(const char* const (&a)[R / 4], int64_t a_stride, int64_t at,
                                                 const char* const (&b)[N], int64_t b_at, __m512 (&acc)[R][N]) {
  __m512i w[N];
  UNROLL for (int n = 0; n < N; ++n) w[n] = _mm512_loadu_si512(b[n] + b_at);
  UNROLL for (int m = 0; m < R; ++m) {
    int pair;
    __builtin_memcpy(&pair, a[m / 4] + at + m % 4 * a_stride, sizeof pair);
    const __m512i x = _mm512_set1_epi32(pair);
    UNROLL for (int n = 0; n < N; ++n) acc[m][n] = _mm512_dpbf16_ps(acc[m][n], (__m512bh)(w[n]), (__m512bh)(x));
  }
}

// Rows row..row+R-1 of tile row i by N tile columns from j on; R·N accumulators hide the latency of the products.
template <int R, int N> void block(const TileGemm& g, int i, int row, int j) {
  __m512 acc[R][N];
  float* c = g.c + i * g.c_stride + j * kResultElements + row * 16;
  UNROLL for (int m = 0; m < R; ++m) UNROLL for (int n = 0; n < N; ++n) acc[m][n] =
      g.accumulate ? _mm512_loadu_ps(c + n * kResultElements + m * 16) : _mm512_setzero_ps();
  const int64_t a_stride = g.a_stride, b_stride = g.b_stride;
  const char* a_row = reinterpret_cast<const char*>(g.a[i]) + row * a_stride;
  for (int64_t k = 0; k < g.k_blocks; ++k) {
    const char *a[R / 4], *b[N];  // every fourth row of A
    UNROLL for (int m = 0; m < R / 4; ++m) a[m] = a_row + 2 * g.a_step[k] + 4 * m * a_stride;
    UNROLL for (int n = 0; n < N; ++n) b[n] = reinterpret_cast<const char*>(g.b[j + n] + g.b_step[k]);
    const int64_t pairs = g.pairs ? g.pairs[k] : 16;
    if (pairs == 16 && b_stride == 64) {  // without a loop, whose end would be mispredicted every time
      UNROLL for (int64_t p = 0; p < 16; ++p) multiply_pair<R, N>(a, a_stride, 4 * p, b, 64 * p, acc);
      continue;
    }
    for (int64_t p = 0; p < pairs; ++p) multiply_pair<R, N>(a, a_stride, 4 * p, b, b_stride * p, acc);
  }
  UNROLL for (int m = 0; m < R; ++m) UNROLL for (int n = 0; n < N; ++n)
      _mm512_storeu_ps(c + n * kResultElements + m * 16, acc[m][n]);
}

void begin() {}
void end() {}

void run(const TileGemm& g) {
  for (int j = 0; j < g.n_tiles;) {
    const int n = g.n_tiles - j == 4 ? 2 : g.n_tiles - j;
    for (int i = 0; i < g.m_tiles; ++i) {
      if (n == 1) block<16, 1>(g, i, 0, j);
      for (int row = 0; n > 1 && row < 16; row += 8) n == 2 ? block<8, 2>(g, i, row, j) : block<8, 3>(g, i, row, j);
    }
    j += n;
  }
}

constexpr GemmIsa kAvx512Bf16 = {begin, end, run};

}  // namespace

const GemmIsa& gemm_avx512_bf16() { return kAvx512Bf16; }

}  // namespace resnet
