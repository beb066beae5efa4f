#include "ops/cpu/conv_winograd_loops.h"

#include "ops/cpu/simd_table.h"

namespace resnet {

SIMD_TABLE(WinogradTable, winograd_table)

const WinogradTable& winograd() {
  static const WinogradTable& best = SIMD_BEST(winograd_table);
  return best;
}

}  // namespace resnet
