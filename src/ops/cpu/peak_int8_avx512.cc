// The most that vpdpbusd can do. Only plain functions here, as in every file for one instruction set.
#include "ops/cpu/peak_chains.h"
#include "ops/cpu/peak_table.h"

namespace resnet {

namespace {

void multiply_add(int64_t rounds, void* sink) {
  const __m512i x = _mm512_set1_epi8(1), y = _mm512_set1_epi8(-1);
  run_chains(rounds, sink, [x, y](__m512i sum) { return _mm512_dpbusd_epi32(sum, x, y); });
}

}  // namespace

// A register holds 64 bytes: as many multiply-adds.
PeakArithmetic peak_int8_avx512() { return {multiply_add, 2 * 64 * kProductsARound}; }

}  // namespace resnet
