// The loops of 3x3 convolutions of few channels in bf16, where a tile of outputs keeps all three kernel columns busy: every
// input pixel that is loaded is multiplied with three of them. Pixels of a row are `in` channels apart, without gaps.
#pragma once

#include <cstdint>

namespace resnet {

/// A row of outputs, 16 channels of it: relu(sum + bias + addend).
struct NarrowRow {
  const uint16_t* x = nullptr;  ///< the input pixel under the first output's upper left kernel position
  int64_t row = 0;              ///< elements from an input row to the next
  int64_t in = 0;               ///< input channels, a multiple of 2
  const uint16_t* w = nullptr;  ///< [3 rows][in/2][3 columns][16 outputs][2]
  int64_t count = 0;            ///< output pixels
  uint16_t* y = nullptr;
  int64_t step = 0;                  ///< elements from an output pixel to the next
  const uint16_t* addend = nullptr;  ///< like y, or null
  const float* bias = nullptr;       ///< [16], or null
  bool relu = false;
};
void narrow_row(const NarrowRow& r);

/// One kernel row of a weight gradient, 16 inputs by 16 outputs, over `rows` x `columns` pixels of two pictures side by side:
/// dw[kx][input][16 outputs] += Σ x · dy, or = if `fresh`.
struct NarrowGradient {
  const uint16_t* x = nullptr;   ///< [row][columns][16][2 pictures], the row that the kernel row meets
  const uint16_t* dy = nullptr;  ///< [row][columns + 2][16][2 pictures], the first and last column of a row zero
  int64_t rows = 0, columns = 0;
  float* dw = nullptr;
  int64_t dw_step = 0;  ///< floats from a kernel column to the next
  bool fresh = false;
};
void narrow_gradient(const NarrowGradient& g);

}  // namespace resnet
