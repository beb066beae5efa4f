#include <immintrin.h>

#include "ops/cpu/peak_table.h"
#include "ops/cpu/simd.h"

namespace resnet {
namespace {

#ifdef __AVX512F__
constexpr int kLanes = 16;
void stream(float* p, const float* x) { _mm512_stream_ps(p, _mm512_load_ps(x)); }
#elif defined __AVX2__
constexpr int kLanes = 8;
void stream(float* p, const float* x) { _mm256_stream_ps(p, _mm256_load_ps(x)); }
#else
constexpr int kLanes = 4;
void stream(float* p, const float* x) { _mm_stream_ps(p, _mm_load_ps(x)); }
#endif
typedef float Register __attribute__((vector_size(4 * kLanes), may_alias));

// As many chains as hide the latency of a multiply-add on two units, and fit the registers.
constexpr int kChains = 12;
constexpr int kUnroll = 8;

void multiply_add(int64_t rounds, void* sink) {
  Register acc[kChains], factor = {}, term = {};
  for (int i = 0; i < kLanes; ++i) {
    factor[i] = 0.999f - 0.001f * static_cast<float>(rounds & 1);
    term[i] = 0.001f;
  }
  for (Register& a : acc) {
    a = term;
    asm("" : "+x"(a));  // equal chains would be computed once
  }
  for (int64_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 8
    for (int u = 0; u < kUnroll; ++u) {
#pragma GCC unroll 12
      for (int i = 0; i < kChains; ++i) acc[i] = acc[i] * factor + term;
    }
  }
  for (int i = 1; i < kChains; ++i) acc[0] += acc[i];
  *static_cast<Register*>(sink) = acc[0];
}

void read(const float* x, int64_t n, void* sink) {
  Register acc[8] = {};
  for (int64_t i = 0; i < n; i += 8 * kLanes) {
    __builtin_prefetch(x + i + 1024);
    __builtin_prefetch(x + i + 1040);
#pragma GCC unroll 8
    for (int j = 0; j < 8; ++j) acc[j] += *reinterpret_cast<const Register*>(x + i + j * kLanes);
  }
  for (int j = 1; j < 8; ++j) acc[0] += acc[j];
  *static_cast<Register*>(sink) = acc[0];
}

void copy(const float* x, float* y, int64_t n) {
  for (int64_t i = 0; i < n; i += kLanes)
    *reinterpret_cast<Register*>(y + i) = *reinterpret_cast<const Register*>(x + i);
}

void copy_past_caches(const float* x, float* y, int64_t n) {
  for (int64_t i = 0; i < n; i += kLanes) {
    __builtin_prefetch(x + i + 512);
    stream(y + i, x + i);
  }
  _mm_sfence();
}

}  // namespace

namespace SIMD_NS {
extern const PeakTable peak_table;
const PeakTable peak_table = {{multiply_add, int64_t{2} * kLanes* kChains* kUnroll}, {read, copy, copy_past_caches}};
}  // namespace SIMD_NS

}  // namespace resnet
