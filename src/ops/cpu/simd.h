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
  union {
    uint32_t u;
    float f;
  } v;
  v.u = static_cast<uint32_t>(p[i]) << 16;
  return v.f;
}
inline void store(float* p, int64_t i, float v) { p[i] = v; }
// Rounds to nearest even. NaN may become infinity here; the loss check stops training on either.
inline void store(uint16_t* p, int64_t i, float v) {
  union {
    float f;
    uint32_t u;
  } b;
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

// How many of sixteen lanes a block of channels has: all, or the first n. The others are zero, and are not written.
struct All {};
struct First {
  int64_t n;
};

template <class T> inline F16 load16(const T* p, All) { return load16(p); }
template <class T> inline F16 load16(const T* p, First lanes) {
  F16 v = {};
  for (int64_t i = 0; i < lanes.n; ++i) v[i] = load(p, i);
  return v;
}
template <class T> inline void store16(T* p, F16 v, All) { store16(p, v); }
template <class T> inline void store16(T* p, F16 v, First lanes) {
  for (int64_t i = 0; i < lanes.n; ++i) store(p, i, v[i]);
}

// Calls body(first channel, lanes) for every block of sixteen channels and what is left.
template <class Body> inline void for_channels(int64_t c, const Body& body) {
  int64_t k = 0;
  for (; k + 16 <= c; k += 16) body(k, All{});
  if (k < c) body(k, First{c - k});
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
