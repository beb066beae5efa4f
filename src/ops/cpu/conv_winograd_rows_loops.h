// The loops of Winograd's convolution along rows in bf16, F(4, 3): four neighbouring outputs take six products instead of twelve
// for every kernel row, and what is transformed and transformed back is so little that few channels pay for it. A tile is
// six inputs, pixels 4t - 1 to 4t + 4 of a row, over four outputs; where it hangs over an edge, pixels are zero.
#pragma once

#include <cstdint>

namespace resnet {

/// A row of pixels to transform. Channels come in blocks of 16.
struct WinogradRow {
  const uint16_t* x = nullptr;  ///< [w][channels]
  int64_t w = 0, channels = 0, tiles = 0;
};
/// v[block][tile][6 positions][16], blocks `block` elements apart.
void winograd_row(const WinogradRow& r, uint16_t* v, int64_t block);

/// For a weight gradient, two neighbouring tiles in turn (of an odd number the last meets zeros):
/// v[block·block_step + position·plane + pair·pair_step][16][2], the inputs of the tiles.
struct WinogradRowPairs {
  uint16_t* v = nullptr;
  int64_t block = 0, plane = 0, pair = 0;  ///< elements between neighbours
};
void winograd_row_pairs(const WinogradRow& x, const WinogradRowPairs& to);
/// The same of the outputs of a tile.
void winograd_row_gradient_pairs(const WinogradRow& dy, const WinogradRowPairs& to);

/// Sixteen output channels of `tiles` neighbours in each of `rows` rows.
struct WinogradRowProduct {
  const uint16_t* v = nullptr;        ///< the first tile, in the transformed row above the first
  int64_t row = 0;                    ///< elements from a transformed row to the next
  int64_t blocks = 0, block = 0;      ///< of 16 inputs, and the elements between them
  const uint16_t* weights = nullptr;  ///< [input block][8 pairs of inputs][6 positions][3 kernel rows][16 outputs][2]
  int64_t rows = 0, tiles = 0;        ///< at most kWinogradRows rows
  float* y = nullptr;                 ///< [row][4·tiles pixels][16]
  int64_t y_row = 0;                  ///< floats from a row to the next
};
inline constexpr int64_t kWinogradRows = 4;
void winograd_row_product(const WinogradRowProduct& p);

/// Sixteen outputs by sixteen inputs: element (o, i, tap) is w[o·out + i·in + tap], with taps reversed if `turned`.
struct WinogradRowWeights {
  const float* w = nullptr;
  int64_t out = 0, in = 0;
  bool turned = false;
};
/// u: an input block of the product's weights.
void winograd_row_weights(const WinogradRowWeights& w, uint16_t* u);
/// dw[o·out + i·in + tap] from du[6 positions][3 kernel rows][16 inputs][16 outputs].
void winograd_row_weight_gradient(const float* du, float* dw, int64_t out, int64_t in);

}  // namespace resnet
