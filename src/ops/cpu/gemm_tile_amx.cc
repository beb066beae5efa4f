// TileGemm on AMX: result tiles stay in tile registers over the whole reduction, operands are loaded straight from memory.
// Only plain functions here: an inline one shared with other files might be linked in with these instructions.
#include <immintrin.h>

#include "ops/cpu/amx_tiles.h"
#include "ops/cpu/gemm_tile.h"

namespace resnet {

namespace {

constexpr AmxTiles kConfig;

void begin() { _tile_loadconfig(&kConfig); }

void end() { _tile_release(); }

constexpr int kRowBytes = 64;

void block_2x2(const TileGemm& g) {
  float *c00 = g.c, *c01 = c00 + kResultElements, *c10 = g.c + g.c_stride, *c11 = c10 + kResultElements;
  if (g.accumulate) {
    _tile_loadd(0, c00, kRowBytes);
    _tile_loadd(1, c01, kRowBytes);
    _tile_loadd(2, c10, kRowBytes);
    _tile_loadd(3, c11, kRowBytes);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  const uint16_t *a0 = g.a[0], *a1 = g.a[1], *b0 = g.b[0], *b1 = g.b[1];
  for (int64_t k = 0; k < g.k_blocks; ++k) {
    const int64_t a = g.a_step[k], b = g.b_step[k];
    _tile_loadd(6, b0 + b, g.b_stride);
    _tile_loadd(4, a0 + a, g.a_stride);
    _tile_loadd(7, b1 + b, g.b_stride);
    _tile_loadd(5, a1 + a, g.a_stride);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, c00, kRowBytes);
  _tile_stored(1, c01, kRowBytes);
  _tile_stored(2, c10, kRowBytes);
  _tile_stored(3, c11, kRowBytes);
}

// Result tiles 0..n-1 in a row or a column: clear or load, and store.
void open_results(const TileGemm& g, int n, int64_t stride) {
  if (!g.accumulate) {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    return;
  }
  _tile_loadd(0, g.c, kRowBytes);
  if (n > 1) _tile_loadd(1, g.c + stride, kRowBytes);
  if (n > 2) _tile_loadd(2, g.c + 2 * stride, kRowBytes);
  if (n > 3) _tile_loadd(3, g.c + 3 * stride, kRowBytes);
}

void close_results(const TileGemm& g, int n, int64_t stride) {
  _tile_stored(0, g.c, kRowBytes);
  if (n > 1) _tile_stored(1, g.c + stride, kRowBytes);
  if (n > 2) _tile_stored(2, g.c + 2 * stride, kRowBytes);
  if (n > 3) _tile_stored(3, g.c + 3 * stride, kRowBytes);
}

template <int M> void block_mx1(const TileGemm& g) {
  open_results(g, M, g.c_stride);
  for (int64_t k = 0; k < g.k_blocks; ++k) {
    const int64_t a = g.a_step[k];
    _tile_loadd(7, g.b[0] + g.b_step[k], g.b_stride);
    _tile_loadd(4, g.a[0] + a, g.a_stride);
    _tile_dpbf16ps(0, 4, 7);
    if constexpr (M > 1) {
      _tile_loadd(5, g.a[1] + a, g.a_stride);
      _tile_dpbf16ps(1, 5, 7);
    }
    if constexpr (M > 2) {
      _tile_loadd(6, g.a[2] + a, g.a_stride);
      _tile_dpbf16ps(2, 6, 7);
    }
    if constexpr (M > 3) {
      _tile_loadd(4, g.a[3] + a, g.a_stride);
      _tile_dpbf16ps(3, 4, 7);
    }
  }
  close_results(g, M, g.c_stride);
}

template <int N> void block_1xn(const TileGemm& g) {
  open_results(g, N, kResultElements);
  for (int64_t k = 0; k < g.k_blocks; ++k) {
    const int64_t b = g.b_step[k];
    _tile_loadd(7, g.a[0] + g.a_step[k], g.a_stride);
    _tile_loadd(4, g.b[0] + b, g.b_stride);
    _tile_dpbf16ps(0, 7, 4);
    if constexpr (N > 1) {
      _tile_loadd(5, g.b[1] + b, g.b_stride);
      _tile_dpbf16ps(1, 7, 5);
    }
    if constexpr (N > 2) {
      _tile_loadd(6, g.b[2] + b, g.b_stride);
      _tile_dpbf16ps(2, 7, 6);
    }
    if constexpr (N > 3) {
      _tile_loadd(4, g.b[3] + b, g.b_stride);
      _tile_dpbf16ps(3, 7, 4);
    }
  }
  close_results(g, N, kResultElements);
}

void run(const TileGemm& g) {
  if (g.m_tiles == 2 && g.n_tiles == 2) return block_2x2(g);
  if (g.m_tiles == 1) {
    switch (g.n_tiles) {
      case 1:
        return block_1xn<1>(g);
      case 2:
        return block_1xn<2>(g);
      case 3:
        return block_1xn<3>(g);
      default:
        return block_1xn<4>(g);
    }
  }
  switch (g.m_tiles) {
    case 2:
      return block_mx1<2>(g);
    case 3:
      return block_mx1<3>(g);
    default:
      return block_mx1<4>(g);
  }
}

constexpr GemmIsa kAmx = {begin, end, run};

}  // namespace

const GemmIsa& gemm_amx() { return kAmx; }

}  // namespace resnet
