// Winograd's products on vdpbf16ps: every element is a pair of bf16, and its product is the sum of two.
#include <immintrin.h>

#include "ops/cpu/conv_winograd_loops.h"
#include "ops/cpu/conv_winograd_products.h"

namespace resnet {

namespace {

struct Bf16Math {
  typedef __m512 Vector;
  static constexpr int kLanes = 16, kRows = 14, kColumns = 32;
  static __m512 load(const float* p) { return _mm512_loadu_ps(p); }
  static void store(float* p, __m512 v) { _mm512_storeu_ps(p, v); }
  static __m512 multiply_add(__m512 sum, __m512 w, const float* a) {
    return _mm512_dpbf16_ps(sum, (__m512bh)w, (__m512bh)_mm512_set1_ps(*a));
  }
};

constexpr WinogradProducts kProducts = {multiply<Bf16Math>, accumulate<Bf16Math>, 32, 14, 2};

}  // namespace

const WinogradProducts& winograd_avx512_bf16() { return kProducts; }

}  // namespace resnet
