// The most that vdpbf16ps can do. Only plain functions here, as in every file for one instruction set.
#include "ops/cpu/peak_chains.h"
#include "ops/cpu/peak_table.h"

namespace resnet {

namespace {

void multiply_add(int64_t rounds, void* sink) {
  const auto x = (__m512bh)_mm512_set1_epi32(0x3f803f80), y = (__m512bh)_mm512_set1_epi32(0x3c003c00);  // 1, 1/128
  run_chains(rounds, sink,
             [x, y](__m512i sum) { return _mm512_castps_si512(_mm512_dpbf16_ps(_mm512_castsi512_ps(sum), x, y)); });
}

}  // namespace

// A register holds 32 bf16: as many multiply-adds.
PeakArithmetic peak_avx512_bf16() { return {multiply_add, 2 * 32 * kProductsARound}; }

}  // namespace resnet
