// For *.simd.cc files: each is compiled once for every instruction set (see CMakeLists.txt) with SIMD_NS set to a namespace of
// its own, and chosen at run time (simd_table.h). Such files include nothing but this header and headers that define no
// function, and keep every helper in an anonymous namespace: an inline function of a shared header, compiled for AVX-512,
// must not replace its generic twin.
#pragma once

#include <immintrin.h>

#include <cstdint>

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
typedef uint8_t B16 __attribute__((vector_size(16), aligned(1), may_alias));

inline F16 load16(const float* p) { return *reinterpret_cast<const F16*>(p); }
inline F16 load16(const uint16_t* p) {
#ifdef __AVX512F__
  return reinterpret_cast<F16>(
      _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))), 16));
#else
  return reinterpret_cast<F16>(__builtin_convertvector(*reinterpret_cast<const H16*>(p), U16) << 16);
#endif
}
// Rounded to nearest even; the processor's own instruction takes subnormal numbers for zeros.
inline H16 bf16(F16 v) {
#ifdef __AVX512BF16__
  return reinterpret_cast<H16>(_mm512_cvtneps_pbh(reinterpret_cast<__m512>(v)));
#else
  const U16 u = reinterpret_cast<U16>(v);
  return __builtin_convertvector((u + 0x7fffu + ((u >> 16) & 1u)) >> 16, H16);
#endif
}
inline void store16(float* p, F16 v) { *reinterpret_cast<F16*>(p) = v; }
inline void store16(uint16_t* p, F16 v) { *reinterpret_cast<H16*>(p) = bf16(v); }
inline void store32(float* p, F16 a, F16 b) {
  store16(p, a);
  store16(p + 16, b);
}
inline void store32(uint16_t* p, F16 a, F16 b) {
#ifdef __AVX512BF16__
  _mm512_storeu_si512(
      p, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(reinterpret_cast<__m512>(b), reinterpret_cast<__m512>(a))));
#else
  store16(p, a);
  store16(p + 16, b);
#endif
}

// Non-temporal stores: past the caches, so that no line is read before it is written. p is a multiple of 64 bytes; whoever
// is to read it on another thread needs an end_streaming() in between.
inline void stream_line(void* p, const void* line) {
#ifdef __AVX512F__
  _mm512_stream_si512(static_cast<__m512i*>(p), _mm512_loadu_si512(line));
#elif defined(__AVX__)
  for (int i = 0; i < 2; ++i)
    _mm256_stream_si256(static_cast<__m256i*>(p) + i, _mm256_loadu_si256(static_cast<const __m256i*>(line) + i));
#else
  for (int i = 0; i < 4; ++i)
    _mm_stream_si128(static_cast<__m128i*>(p) + i, _mm_loadu_si128(static_cast<const __m128i*>(line) + i));
#endif
}
inline void end_streaming() { _mm_sfence(); }
inline void stream32(float* p, F16 a, F16 b) {
  stream_line(p, &a);
  stream_line(p + 16, &b);
}
inline void stream32(uint16_t* p, F16 a, F16 b) {
#ifdef __AVX512BF16__
  _mm512_stream_si512(reinterpret_cast<__m512i*>(p), reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(
                                                         reinterpret_cast<__m512>(b), reinterpret_cast<__m512>(a))));
#else
  H16 line[2] = {bf16(a), bf16(b)};
  stream_line(p, line);
#endif
}
inline bool whole_line(const void* p) { return reinterpret_cast<uintptr_t>(p) % 64 == 0; }

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
  const auto* quarter = reinterpret_cast<const __m128*>(&v);
  unsigned bits = 0;
  for (int i = 0; i < 4; ++i)
    bits |= static_cast<unsigned>(_mm_movemask_ps(_mm_cmpgt_ps(quarter[i], _mm_setzero_ps()))) << (4 * i);
  return static_cast<uint16_t>(bits);
#endif
}

// v where the bit is set, else zero.
inline F16 select(uint16_t bits, F16 v) {
#ifdef __AVX512F__
  return reinterpret_cast<F16>(_mm512_maskz_mov_ps(bits, reinterpret_cast<__m512>(v)));
#else
  constexpr U16 kBit = {1,      1 << 1, 1 << 2,  1 << 3,  1 << 4,  1 << 5,  1 << 6,  1 << 7,
                        1 << 8, 1 << 9, 1 << 10, 1 << 11, 1 << 12, 1 << 13, 1 << 14, 1 << 15};
  return reinterpret_cast<F16>(reinterpret_cast<U16>(v) & reinterpret_cast<U16>(((U16{} + bits) & kBit) == kBit));
#endif
}

// Bit i is set where byte i is `value`.
inline uint16_t equal(const uint8_t* p, uint8_t value, All) {
#ifdef __AVX512F__
  return _mm_cmpeq_epi8_mask(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)),
                             _mm_set1_epi8(static_cast<char>(value)));
#else
  return static_cast<uint16_t>(_mm_movemask_epi8(
      _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)), _mm_set1_epi8(static_cast<char>(value)))));
#endif
}
inline uint16_t equal(const uint8_t* p, uint8_t value, First lanes) {
  unsigned bits = 0;
  for (int64_t i = 0; i < lanes.n; ++i) bits |= (p[i] == value ? 1u : 0u) << i;
  return static_cast<uint16_t>(bits);
}

// Stores numbers below 256 as bytes.
inline void store_bytes(uint8_t* p, U16 v, All) { *reinterpret_cast<B16*>(p) = __builtin_convertvector(v, B16); }
inline void store_bytes(uint8_t* p, U16 v, First lanes) {
  for (int64_t i = 0; i < lanes.n; ++i) p[i] = static_cast<uint8_t>(v[i]);
}

}  // namespace
}  // namespace resnet
