#include "ops/cpu/int8_tile.h"

#include "ops/cpu/simd_table.h"

namespace resnet {

SIMD_TABLE(Int8Isa, int8_loops)

const Int8Isa& int8_isa() {
  if (isa() == Isa::amx) return int8_amx();
  if (isa() >= Isa::avx512) return int8_avx512();
  return int8_plain();
}

const Int8Isa& int8_plain() { return isa() >= Isa::avx2 ? avx2::int8_loops : generic::int8_loops; }

}  // namespace resnet
