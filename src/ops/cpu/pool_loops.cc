#include "ops/cpu/pool_loops.h"

#include "ops/cpu/simd_table.h"

namespace resnet {

SIMD_TABLE(PoolTable, pool_loops_table)

template <> const PoolLoops<float>& pool_loops<float>() {
  static const PoolLoops<float>& best = SIMD_BEST(pool_loops_table).f32;
  return best;
}

template <> const PoolLoops<uint8_t>& pool_loops<uint8_t>() {
  static const PoolLoops<uint8_t>& best = SIMD_BEST(pool_loops_table).u8;
  return best;
}

template <> const PoolLoops<uint16_t>& pool_loops<uint16_t>() {
  static const PoolLoops<uint16_t>& best = SIMD_BEST(pool_loops_table).bf16;
  return best;
}

}  // namespace resnet
