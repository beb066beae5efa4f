// Data movement of the own bf16 convolutions (AVX-512): putting pixels where the tiles want them, and results back.
// A null source pixel stands for zeros. Counts and steps are in elements unless they say otherwise.
#pragma once

#include <cstdint>

namespace resnet {

/// `count` pixels, `step` apart in the source, each split into blocks of `block` channels (32 for copies, 16 for pairs).
struct PixelRun {
  const uint16_t* x = nullptr;   ///< null: zeros
  const uint16_t* x2 = nullptr;  ///< interleave only, and only with x: the second picture of the pair
  int64_t step = 0;
  int64_t count = 0;
  int64_t blocks = 0;
  uint16_t* out = nullptr;
  int64_t out_step = 0;   ///< between pixels
  int64_t out_block = 0;  ///< between channel blocks
};

/// out[block][pixel][32] = x[pixel][block·32 + …]
void copy_pixels(const PixelRun& run);
/// out[column][32] = pixels first + column and the one after it, of a row of w pixels of 16 channels; zeros outside of it.
void copy_pixels_twice(const uint16_t* x, int64_t w, int64_t first, int64_t columns, uint16_t* out);
/// out[block][pixel][16][2] = x and x2 [pixel][block·16 + …], element by element
void interleave_pixels(const PixelRun& run);
/// out[i][2] = x[i], x2[i] for count elements; a null source counts as zeros
void interleave(const uint16_t* x, const uint16_t* x2, int64_t count, uint16_t* out);

/// out[block][16 channels][16 pixels][2]: the pairs of 16 pixels with channels as rows. Null pixels are zeros.
void transpose_pairs(const uint16_t* const x[16], const uint16_t* const x2[16], int64_t blocks, uint16_t* out,
                     int64_t out_block);

/// One column block of packed weights: out[k/2][16][2] = bf16 of w[j·column_step + index[k]] for columns j, zero where
/// index[k] < 0. `count` (a multiple of 32) is the number of ks.
void pack_weights(const float* w, int64_t column_step, const int32_t* index, int64_t count, uint16_t* out);

/// Where a block of results goes: tile (i,j) holds 16 pixels by channels 16j….
struct ResultStore {
  const float* c = nullptr;
  int m_tiles = 0, n_tiles = 0;   ///< n_tiles is 1 or 2
  int64_t c_stride = 0;           ///< floats between tile rows
  int64_t channel = 0;            ///< the first one
  int64_t at[4] = {};             ///< of a tile row, in elements of y, where its channel 0 is
  const int64_t* offset[4] = {};  ///< [16] of its pixels, from there; negative: no pixel
  uint16_t* y = nullptr;
  const uint16_t* addend = nullptr;  ///< added, at the same places; may be y itself
  int64_t next = 0;                  ///< elements from a result to one of the block that comes after, for fetching
  const float* bias = nullptr;       ///< [16·n_tiles], added
  bool relu = false;
  /// [16·n_tiles] each, or null: the results and their squares are added up; with a gate (of y's shape, at the same places)
  /// results where scale·gate + shift is not positive become zero, and the second sum is that of result·gate.
  double *sum = nullptr, *product = nullptr;
  const uint16_t* gate = nullptr;
  const float *scale = nullptr, *shift = nullptr;
  const uint16_t* mask = nullptr;  ///< instead of scale and shift, a bit an element
  bool stream = false;             ///< write around the caches, where no addend is; whole lines must be 64-byte aligned
};
void store_results(const ResultStore& s);

/// out[0..255] = the sum over `parts` of tile[offset[p]…], a tile [16 rows][16 columns].
void add_tiles(const float* tile, const int64_t* offset, int64_t parts, float* out);
/// out[row·row_step + column·taps + t] = tile[t][row][column]
void store_taps(const float* tile, int64_t taps, float* out, int64_t row_step);
/// out[column·column_step + row] = tile[row][column]
void store_transposed(const float* tile, float* out, int64_t column_step);

}  // namespace resnet
