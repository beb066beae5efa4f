#include "ops/cpu/int8_loops.h"

#include "ops/cpu/simd_table.h"

namespace resnet {

SIMD_TABLE(Int8Loops, int8_element_loops)

const Int8Loops& int8_loops() {
  static const Int8Loops& best = SIMD_BEST(int8_element_loops);
  return best;
}

}  // namespace resnet
