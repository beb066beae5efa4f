// How the files for AMX set up its eight tiles. Data only, no function: see the files that include it.
#pragma once

#include <cstdint>

namespace resnet {

/// The argument of ldtilecfg: every tile has 16 rows of 64 bytes.
struct alignas(64) AmxTiles {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

}  // namespace resnet
