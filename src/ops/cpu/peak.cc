#include "ops/cpu/peak.h"

#include "ops/cpu/simd_table.h"

namespace resnet {

SIMD_TABLE(PeakTable, peak_table)

PeakArithmetic peak_arithmetic(DType dtype) {
  if (dtype == DType::bf16 && isa() == Isa::amx) return peak_amx_bf16();
  if (dtype == DType::bf16 && isa() == Isa::avx512_bf16) return peak_avx512_bf16();
  if (dtype == DType::u8 && isa() == Isa::amx) return peak_int8_amx();
  if (dtype == DType::u8 && isa() >= Isa::avx512) return peak_int8_avx512();
  return SIMD_BEST(peak_table).f32;
}

const PeakMemory& peak_memory() {
  static const PeakMemory& best = SIMD_BEST(peak_table).memory;
  return best;
}

}  // namespace resnet
