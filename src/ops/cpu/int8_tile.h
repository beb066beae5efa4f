// The inner loops of int8 convolutions: exact products of u8 pixels and i8 weights, and what turns sums into u8 again. Every
// instruction set has its form of the same operands, so that everything around them is written once.
#pragma once

#include <cstdint>

namespace resnet {

inline constexpr int64_t kInt8Rows = 16;       ///< pixels of a tile
inline constexpr int64_t kInt8Columns = 32;    ///< channels of a panel
inline constexpr int64_t kInt8Sum = 64;        ///< elements of the sum in a block
inline constexpr int64_t kInt8Block = 2048;    ///< bytes of a block of a panel
inline constexpr int64_t kInt8Results = 1024;  ///< sums of two tiles of pixels

/// c (+)= A·B for one or two tiles of 16 pixels and one panel of 32 channels.
struct Int8Product {
  int tiles = 0;  ///< of pixels: 1 or 2
  int64_t blocks = 0;
  int pixels = 0;                   ///< that exist, the first of the tiles: at least one of the last tile
  const uint8_t* a[2] = {};         ///< what a tile's pixels are counted from
  const int32_t* pixel[2] = {};     ///< [16], bytes to each pixel; those that do not exist can be read too
  const int64_t* a_step = nullptr;  ///< [blocks], bytes from a pixel to the block's 64
  const int* quads = nullptr;       ///< [blocks], the first of a block's quads, beyond which b is zero
  const int8_t* b = nullptr;        ///< [blocks][2 halves][16 quads of the sum][16 columns][4]
  int32_t* c = nullptr;             ///< [tiles][2 halves][16 pixels][16 columns]
  bool accumulate = false;
};

/// Channel 8l + 4j + i of a panel is column 4l + i of half j: so that narrowing by halves of registers brings the channels
/// into their order. The same holds for scale and shift.
static inline constexpr int64_t int8_place(int64_t channel) {
  return channel / 4 % 2 * 16 + channel / 8 * 4 + channel % 4;
}

/// y[target[p] + channel] = clamp(round(c·scale + shift + addend·addend_scale)) for the pixels with target >= 0.
struct Int8Store {
  int tiles = 0;
  int channels = 0;                 ///< of the panel that exist: 1..32
  const int32_t* c = nullptr;       ///< as in Int8Product
  const int32_t* target = nullptr;  ///< [tiles·16], elements from y (and addend); -1: no pixel
  const float* scale = nullptr;     ///< [32], permuted
  const float* shift = nullptr;     ///< [32], permuted; holds the zero of y
  uint8_t* y = nullptr;             ///< at the panel's first channel
  const uint8_t* addend = nullptr;  ///< likewise; may be y; null: none
  float addend_scale = 0;
  float* y_f32 = nullptr;  ///< instead of y: not rounded, no addend
};

/// A thread calls begin() before its first product and end() after the last.
struct Int8Isa {
  const char* name;
  bool even;  ///< multiply() wants a tile's pixels evenly apart
  void (*begin)();
  void (*end)();
  void (*multiply)(const Int8Product& p);
  void (*store)(const Int8Store& s);
  void (*finish)(const Int8Product& p, const Int8Store& s);  ///< both, with the same c; what is in it then is of no use
};

/// The best form for this processor.
const Int8Isa& int8_isa();
const Int8Isa& int8_plain();  ///< the one whose store can write f32
const Int8Isa& int8_amx();
const Int8Isa& int8_avx512();

}  // namespace resnet
