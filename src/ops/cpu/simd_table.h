// How a table of functions from a *.simd.cc file is chosen: SIMD_TABLE declares its four copies, SIMD_BEST picks one.
#pragma once

#include "core/cpu.h"

#define SIMD_TABLE(Type, name) \
  namespace generic {          \
  extern const Type name;      \
  }                            \
  namespace avx2 {             \
  extern const Type name;      \
  }                            \
  namespace avx512 {           \
  extern const Type name;      \
  }                            \
  namespace avx512_bf16 {      \
  extern const Type name;      \
  }

#define SIMD_BEST(name)                          \
  (isa() >= Isa::avx512_bf16 ? avx512_bf16::name \
   : isa() == Isa::avx512    ? avx512::name      \
   : isa() == Isa::avx2      ? avx2::name        \
                             : generic::name)
