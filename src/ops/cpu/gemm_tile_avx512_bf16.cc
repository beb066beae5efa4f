// TileGemm on vdpbf16ps: eight rows of A (broadcast pairs) by one to three tiles of B are kept in vector registers.
// Only plain functions here: an inline one shared with other files might be linked in with these instructions.
#include <immintrin.h>

#include "ops/cpu/gemm_tile.h"

namespace resnet {

namespace {

constexpr int kRows = 8;
#define UNROLL _Pragma("GCC unroll 16")

// Rows row..row+7 of tile row i by N tile columns from j on.
template <int N>
void block(const TileGemm& g, int i, int row, int j) {
  __m512 acc[kRows][N];
  float* c = g.c + i * g.c_stride + j * kResultElements + row * 16;
  UNROLL for (int m = 0; m < kRows; ++m) UNROLL for (int n = 0; n < N; ++n) acc[m][n] =
      g.accumulate ? _mm512_loadu_ps(c + n * kResultElements + m * 16) : _mm512_setzero_ps();
  const char* a_row = reinterpret_cast<const char*>(g.a[i]) + row * g.a_stride;
  for (int64_t k = 0; k < g.k_blocks; ++k) {
    const char* a = a_row + 2 * g.a_step[k];
    const char* b[N];
    UNROLL for (int n = 0; n < N; ++n) b[n] = reinterpret_cast<const char*>(g.b[j + n] + g.b_step[k]);
    for (int p = 0; p < 16; ++p, a += 4) {
      __m512i w[N];
      UNROLL for (int n = 0; n < N; ++n) w[n] = _mm512_loadu_si512(b[n] + p * g.b_stride);
      UNROLL for (int m = 0; m < kRows; ++m) {
        int pair;
        __builtin_memcpy(&pair, a + m * g.a_stride, sizeof pair);
        const __m512i x = _mm512_set1_epi32(pair);
        UNROLL for (int n = 0; n < N; ++n) acc[m][n] =
            _mm512_dpbf16_ps(acc[m][n], (__m512bh)(w[n]), (__m512bh)(x));
      }
    }
  }
  UNROLL for (int m = 0; m < kRows; ++m) UNROLL for (int n = 0; n < N; ++n)
      _mm512_storeu_ps(c + n * kResultElements + m * 16, acc[m][n]);
}

void begin() {}
void end() {}

void run(const TileGemm& g) {
  for (int j = 0; j < g.n_tiles;) {
    const int n = g.n_tiles - j == 4 ? 2 : g.n_tiles - j;
    for (int i = 0; i < g.m_tiles; ++i)
      for (int row = 0; row < 16; row += kRows) switch (n) {
          case 1: block<1>(g, i, row, j); break;
          case 2: block<2>(g, i, row, j); break;
          default: block<3>(g, i, row, j);
        }
    j += n;
  }
}

constexpr GemmIsa kAvx512Bf16 = {begin, end, run};

}  // namespace

const GemmIsa& gemm_avx512_bf16() { return kAvx512Bf16; }

}  // namespace resnet
