// The loop of the peaks on AVX-512: independent chains of one instruction, in registers. In an anonymous namespace, for every
// file that includes it is compiled for instructions of its own.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace resnet {
namespace {

constexpr int kChains = 20, kUnroll = 4;  // as many as hide the latency, and fit the registers
constexpr int64_t kProductsARound = kChains * kUnroll;

/// `rounds` times kProductsARound times sum = product(sum); all sums together go to `sink`.
template <class Product> inline void run_chains(int64_t rounds, void* sink, const Product& product) {
  __m512i sums[kChains];
#pragma GCC unroll 20
  for (int i = 0; i < kChains; ++i) {
    sums[i] = _mm512_setzero_si512();
    asm("" : "+v"(sums[i]));  // equal chains would be computed once
  }
  for (int64_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 4
    for (int u = 0; u < kUnroll; ++u) {
#pragma GCC unroll 20
      for (int i = 0; i < kChains; ++i) sums[i] = product(sums[i]);
    }
  }
#pragma GCC unroll 20
  for (int i = 1; i < kChains; ++i) sums[0] = _mm512_xor_si512(sums[0], sums[i]);
  _mm512_storeu_si512(sink, sums[0]);
}

}  // namespace
}  // namespace resnet
