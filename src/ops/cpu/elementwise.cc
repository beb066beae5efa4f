#include "ops/cpu/elementwise.h"

#include "ops/cpu/simd_table.h"

namespace resnet {

SIMD_TABLE(ElementwiseTable, elementwise_table)

const ElementwiseTable& elementwise() {
  static const ElementwiseTable& best = SIMD_BEST(elementwise_table);
  return best;
}

}  // namespace resnet
