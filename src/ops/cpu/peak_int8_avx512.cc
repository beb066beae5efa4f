// The most that vpdpbusd can do. Only plain functions here, as in every file for one instruction set.
#include <immintrin.h>

#include "ops/cpu/peak_table.h"

namespace resnet {

namespace {

constexpr int kChains = 20, kUnroll = 4, kBytes = 64;  // a register holds 64 bytes: as many multiply-adds

void multiply_add(int64_t rounds, void* sink) {
  __m512i acc[kChains];
  const __m512i x = _mm512_set1_epi8(1), y = _mm512_set1_epi8(-1);
#pragma GCC unroll 20
  for (int i = 0; i < kChains; ++i) {
    acc[i] = _mm512_setzero_si512();
    asm("" : "+v"(acc[i]));  // equal chains would be computed once
  }
  for (int64_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 4
    for (int u = 0; u < kUnroll; ++u) {
#pragma GCC unroll 20
      for (int i = 0; i < kChains; ++i) acc[i] = _mm512_dpbusd_epi32(acc[i], x, y);
    }
  }
#pragma GCC unroll 20
  for (int i = 1; i < kChains; ++i) acc[0] = _mm512_add_epi32(acc[0], acc[i]);
  _mm512_storeu_si512(sink, acc[0]);
}

}  // namespace

PeakArithmetic peak_int8_avx512() { return {multiply_add, int64_t{2} * kChains * kUnroll * kBytes}; }

}  // namespace resnet
