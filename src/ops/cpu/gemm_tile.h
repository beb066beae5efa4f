// The one inner loop of the own convolutions: products of 16x32 by 32x16 bf16 tiles added up in f32. It has a form for
// AMX and one for AVX-512 bf16, which read the same operands, so that everything around it is written once.
#pragma once

#include <cstddef>
#include <cstdint>

namespace resnet {

/// Elements of an operand tile (16 rows of 32 bf16) and of a result tile (16 x 16 f32).
inline constexpr int64_t kTileElements = 512;
inline constexpr int64_t kResultElements = 256;
inline constexpr int kMaxTiles = 4;

/// c[i][j] (+)= sum over k of A(i,k)·B(j,k), for m_tiles x n_tiles of 1..4 x 1, 1 x 1..4 or 2 x 2.
/// An A tile is 16 rows of 32 elements along the reduced axis; a B tile 16 rows of [16 columns][2 elements along it].
struct TileGemm {
  int m_tiles = 0, n_tiles = 0;
  int64_t k_blocks = 0;
  const uint16_t* a[kMaxTiles] = {};     ///< tile row i
  const uint16_t* b[kMaxTiles] = {};     ///< tile column j
  int64_t a_stride = 64, b_stride = 64;  ///< bytes between the rows of a tile
  const int64_t* a_step = nullptr;       ///< [k_blocks], elements from a[i] to A(i,k)
  const int64_t* b_step = nullptr;
  const int64_t* pairs = nullptr;  ///< [k_blocks], element pairs of a block that count; the rest of B is zero. Null: 16
  float* c = nullptr;              ///< tile (i,j) at c + i·c_stride + j·kResultElements, 16 x 16 row-major
  int64_t c_stride = 0;            ///< in floats
  bool accumulate = false;
};

/// A thread calls begin() before its first product and end() after the last; other code may use AMX before and after.
struct GemmIsa {
  void (*begin)();
  void (*end)();
  void (*run)(const TileGemm& g);
};

const GemmIsa& gemm_amx();
const GemmIsa& gemm_avx512_bf16();

}  // namespace resnet
