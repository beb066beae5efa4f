// The loops of Winograd's convolution (Lavin and Gray, arXiv 1509.09308): 3x3 without stride as transforms around one small
// matrix product for each of the (m+2)² positions of a tile, m x m outputs at a time. m² · 9 multiplications become (m+2)².
#pragma once

#include <cstdint>

namespace resnet {

/// Pixel (i, j) of a tile is at element row[i] + column[j] of the pictures; where one of them is negative, it is outside of its
/// picture.
struct WinogradTile {
  int64_t row[6], column[6];
};

/// A tile of pixels that are read.
struct WinogradInput {
  const void* x = nullptr;
  const WinogradTile* tile = nullptr;
};

/// Where one tile of outputs goes: relu(transformed m + bias + addend), for `channels` channels (a multiple of 16).
struct WinogradOutput {
  const float* m = nullptr;  ///< [position][channels], positions `plane` apart
  int64_t plane = 0;
  const WinogradTile* tile = nullptr;  ///< of y, m x m
  void* y = nullptr;
  const void* addend = nullptr;  ///< like y, or null
  const float* bias = nullptr;   ///< or null
  int64_t channels = 0;
  bool relu = false;
  /// Of bf16: [2][channels], += over the tile's pixels as OutputSums says (conv_pass.h), or null.
  float* sums = nullptr;
  const void* gate = nullptr;  ///< OutputSums::x, like y
  const float *scale = nullptr, *shift = nullptr;
  const uint16_t* mask = nullptr;  ///< of y's first channel here
};

/// How weights [out][in][9] are found: element (o, i, tap) at w[o·out_step + i·in_step + tap], taps reversed if `turned`.
struct WinogradWeights {
  float* w = nullptr;
  int64_t out_step = 0, in_step = 0;
  bool turned = false;
};

/// The transforms of one algorithm F(m x m, 3x3) for activations of one dtype. E below is what is multiplied: float or bf16.
/// Channel counts are multiples of 16. Planes are the elements between two positions of a tile.
struct WinogradTransforms {
  int64_t m;  ///< outputs of a tile are m x m, inputs (m+2) x (m+2)
  /// v[position·plane + channel] (E) from the pixels of a tile.
  void (*input)(const WinogradInput& x, int64_t channels, void* v, int64_t plane);
  /// The same for a weight gradient, and the m x m gradients of a tile of outputs. Elements are 32 bits: of bf16 they hold two
  /// tiles; of f32 there is no second one.
  void (*input_pair)(const WinogradInput* x, int64_t channels, void* v, int64_t plane);
  void (*gradient_pair)(const WinogradInput* dy, int64_t channels, void* d, int64_t plane);
  void (*output)(const WinogradOutput& o);
  /// Sixteen outputs from `o` on, all `in` inputs, to u[position·plane + input·columns] (E; bf16: pairs of inputs interleaved).
  void (*weights)(const WinogradWeights& w, int64_t o, int64_t in, void* u, int64_t plane, int64_t columns);
  /// Sixteen outputs from `o` on: w = the transformed sums du[position·plane + input·out + o].
  void (*weight_gradient)(const float* du, int64_t plane, int64_t out, int64_t o, int64_t in, const WinogradWeights& w);
};

/// The products, in 32-bit elements: floats, or pairs of bf16 that are next to each other in the sum. Sums are f32.
struct WinogradProducts {
  /// m[row][columns] = Σ_k v[row·ldv + k] · u[k][columns], rows > 0; columns is 16, or `columns`.
  void (*multiply)(const void* v, int64_t ldv, int64_t rows, const void* u, int64_t k, int64_t columns, float* m);
  /// du[row·ldu + column] += Σ_t v[t·ldv + row] · d[t·ldd + column], for `columns` columns (a multiple of 16) and all rows;
  /// = instead of += if `fresh`.
  void (*accumulate)(const void* v, int64_t ldv, int64_t rows, const void* d, int64_t ldd, int64_t columns,
                     int64_t tiles, bool fresh, float* du, int64_t ldu);
  int64_t columns;  ///< 16 or 32: output channels of one product
  int64_t rows;     ///< of the largest tile
  int64_t packed;   ///< values in an element: 1, or 2 of bf16
};

struct WinogradTable {
  WinogradTransforms f4_f32, f2_f32;
  WinogradTransforms f4_bf16_in_f32;    ///< of bf16 activations, transformed and multiplied in f32
  WinogradTransforms f4_bf16, f2_bf16;  ///< transformed in f32, rounded, multiplied in bf16
  WinogradProducts f32;
};

const WinogradTable& winograd();
const WinogradProducts& winograd_avx512_bf16();  ///< where isa() has it

}  // namespace resnet
