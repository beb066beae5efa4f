// The most that vdpbf16ps can do. Only plain functions here, as in every file for one instruction set.
#include <immintrin.h>

#include "ops/cpu/peak_table.h"

namespace resnet {

namespace {

constexpr int kChains = 20, kUnroll = 4, kPairs = 32;  // a register holds 32 bf16: as many multiply-adds

void multiply_add(int64_t rounds, void* sink) {
  __m512 acc[kChains];
  const __m512bh x = (__m512bh)_mm512_set1_epi32(0x3f803f80), y = (__m512bh)_mm512_set1_epi32(0x3c003c00);  // 1, 1/128
#pragma GCC unroll 20
  for (int i = 0; i < kChains; ++i) {
    acc[i] = _mm512_setzero_ps();
    asm("" : "+v"(acc[i]));  // equal chains would be computed once
  }
  for (int64_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 4
    for (int u = 0; u < kUnroll; ++u) {
#pragma GCC unroll 20
      for (int i = 0; i < kChains; ++i) acc[i] = _mm512_dpbf16_ps(acc[i], x, y);
    }
  }
#pragma GCC unroll 20
  for (int i = 1; i < kChains; ++i) acc[0] = _mm512_add_ps(acc[0], acc[i]);
  _mm512_storeu_ps(sink, acc[0]);
}

}  // namespace

PeakArithmetic peak_avx512_bf16() { return {multiply_add, int64_t{2} * kChains * kUnroll * kPairs}; }

}  // namespace resnet
