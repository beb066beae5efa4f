#include "ops/cpu/batch_norm_loops.h"

#include "ops/cpu/simd_table.h"

namespace resnet {

SIMD_TABLE(BatchNormTable, batch_norm_loops)

const BatchNormTable& batch_norm_table() {
  static const BatchNormTable& best = SIMD_BEST(batch_norm_loops);
  return best;
}

}  // namespace resnet
