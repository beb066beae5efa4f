// For *.simd.cc files: each is compiled once for every instruction set (see CMakeLists.txt) with SIMD_NS set to a namespace of
// its own, and chosen at run time. Such files include nothing but this header and <cstdint>/<cstddef>, and keep every helper
// in an anonymous namespace: an inline function of a shared header, compiled for AVX-512, must not replace its generic twin.
#pragma once

#include <cstddef>
#include <cstdint>

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

}  // namespace
}  // namespace resnet
