// The two passes of resizing on 8-bit pixels, in plain loops and for AVX2; all give the same bytes.
#pragma once

#include <cstdint>
#include <vector>

namespace resnet {

inline constexpr int kPrecisionBits = 22;  // of the weights: 8-bit values and sums fit an int
inline constexpr int kLowBits = 12;        // of a weight's lower half

/// For each output position, the input samples it is made of and their weights in fixed point.
struct Taps {
  int64_t width = 0;                   ///< weights stored a position, a multiple of 4
  std::vector<int64_t> begin, length;  ///< the first sample, and how many
  std::vector<int32_t> weight;         ///< [positions, width], 0 from the length on
  std::vector<int16_t> high, low;      ///< weight = high * 2^kLowBits + low
};

/// Rows of `stride` bytes of RGB pixels at x, whose first pixel is sample `first` -> u8 [rows,positions,3] at y.
using AcrossLoop = void (*)(const uint8_t* x, int64_t first, int64_t rows, int64_t stride, const Taps& taps,
                            uint8_t* y);
/// Rows of `stride` bytes at x, the first of which is sample `first` -> u8 [positions,row] at y; bytes are treated alike.
using DownLoop = void (*)(const uint8_t* x, int64_t first, int64_t stride, int64_t row, const Taps& taps, uint8_t* y);

struct ResizeLoops {
  AcrossLoop across;
  DownLoop down;
};

/// Those that isa() allows.
const ResizeLoops& resize_loops();

void across_plain(const uint8_t* x, int64_t first, int64_t rows, int64_t stride, const Taps& taps, uint8_t* y);
void down_plain(const uint8_t* x, int64_t first, int64_t stride, int64_t row, const Taps& taps, uint8_t* y);
/// These may read 32 bytes from any byte of the rows on, as long as another row follows.
void across_avx2(const uint8_t* x, int64_t first, int64_t rows, int64_t stride, const Taps& taps, uint8_t* y);
void down_avx2(const uint8_t* x, int64_t first, int64_t stride, int64_t row, const Taps& taps, uint8_t* y);

}  // namespace resnet
