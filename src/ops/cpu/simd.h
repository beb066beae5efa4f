// For *.simd.cc files: each is compiled once for every instruction set (see CMakeLists.txt) with SIMD_NS set to a namespace of
// its own, and chosen at run time (simd_table.h). Such files include nothing but this header and headers that define no
// function, and keep every helper in an anonymous namespace: an inline function of a shared header, compiled for AVX-512,
// must not replace its generic twin.
#pragma once

#include <cstdint>

#ifdef __AVX512F__
#include <immintrin.h>
#endif

namespace resnet {
namespace {

inline float load(const float* p, int64_t i) { return p[i]; }
inline float load(const uint16_t* p, int64_t i) {
  union { uint32_t u; float f; } v;
  v.u = static_cast<uint32_t>(p[i]) << 16;
  return v.f;
}
inline void store(float* p, int64_t i, float v) { p[i] = v; }
// Rounds to nearest even. NaN may become infinity here; the loss check stops training on either.
inline void store(uint16_t* p, int64_t i, float v) {
  union { float f; uint32_t u; } b;
  b.f = v;
  p[i] = static_cast<uint16_t>((b.u + 0x7fffu + ((b.u >> 16) & 1u)) >> 16);
}

// Sixteen floats; the compiler splits them where registers are narrower.
typedef float F16 __attribute__((vector_size(64), aligned(4), may_alias));
typedef uint32_t U16 __attribute__((vector_size(64), aligned(4), may_alias));
typedef uint16_t H16 __attribute__((vector_size(32), aligned(2), may_alias));

inline F16 load16(const float* p) { return *reinterpret_cast<const F16*>(p); }
inline F16 load16(const uint16_t* p) {
  return reinterpret_cast<F16>(__builtin_convertvector(*reinterpret_cast<const H16*>(p), U16) << 16);
}
inline void store16(float* p, F16 v) { *reinterpret_cast<F16*>(p) = v; }
inline void store16(uint16_t* p, F16 v) {
  const U16 u = reinterpret_cast<U16>(v);
  *reinterpret_cast<H16*>(p) = __builtin_convertvector((u + 0x7fffu + ((u >> 16) & 1u)) >> 16, H16);
}

// The first n (1…16) lanes; the others are zero, and are not written.
template <class T>
inline F16 load_some(const T* p, int64_t n) {
  if (n == 16) return load16(p);
  F16 v = {};
  for (int64_t i = 0; i < n; ++i) v[i] = load(p, i);
  return v;
}
template <class T>
inline void store_some(T* p, F16 v, int64_t n) {
  if (n == 16) return store16(p, v);
  for (int64_t i = 0; i < n; ++i) store(p, i, v[i]);
}

// Bit i is set where lane i is positive.
inline uint16_t positive(F16 v) {
#ifdef __AVX512F__
  return _mm512_cmp_ps_mask(reinterpret_cast<__m512>(v), _mm512_setzero_ps(), _CMP_GT_OQ);
#else
  uint16_t bits = 0;
  for (int i = 0; i < 16; ++i) bits = static_cast<uint16_t>(bits | ((v[i] > 0 ? 1u : 0u) << i));
  return bits;
#endif
}

// v where the bit is set, else zero.
inline F16 select(uint16_t bits, F16 v) {
#ifdef __AVX512F__
  return reinterpret_cast<F16>(_mm512_maskz_mov_ps(bits, reinterpret_cast<__m512>(v)));
#else
  for (int i = 0; i < 16; ++i) v[i] = (bits >> i) & 1u ? v[i] : 0.0f;
  return v;
#endif
}

}  // namespace
}  // namespace resnet
