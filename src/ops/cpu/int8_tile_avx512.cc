// Int8Isa on AVX-512 with VNNI: eight pixels by a whole panel stay in registers over the sum. The store is AMX's too.
// Only plain functions here: an inline one shared with other files might be linked in with these instructions.
#include <immintrin.h>

#include <cstring>

#include "ops/cpu/int8_tile.h"

namespace resnet {

namespace {

void nothing() {}

// Adds one quad of the sum, of P pixels by a whole panel.
template <int P>
[[gnu::always_inline]] inline void multiply_quad(const uint8_t* const (&x)[P], const int8_t* w, int quad,
                                                 __m512i (&low)[P], __m512i (&high)[P]) {
  const __m512i w0 = _mm512_loadu_si512(w + 64 * quad), w1 = _mm512_loadu_si512(w + kInt8Block / 2 + 64 * quad);
#pragma GCC unroll 8
  for (int i = 0; i < P; ++i) {
    int32_t four;
    std::memcpy(&four, x[i] + 4 * quad, sizeof four);
    const __m512i v = _mm512_set1_epi32(four);
    low[i] = _mm512_dpbusd_epi32(low[i], v, w0);
    high[i] = _mm512_dpbusd_epi32(high[i], v, w1);
  }
}

// P pixels of a tile; their sums at c (first half) and c + 256 (second half).
template <int P> void multiply_pixels(const Int8Product& p, const uint8_t* a, const int32_t* pixel, int32_t* c) {
  __m512i low[P], high[P];
#pragma GCC unroll 8
  for (int i = 0; i < P; ++i) {
    low[i] = p.accumulate ? _mm512_loadu_si512(c + 16 * i) : _mm512_setzero_si512();
    high[i] = p.accumulate ? _mm512_loadu_si512(c + 256 + 16 * i) : _mm512_setzero_si512();
  }
  for (int64_t k = 0; k < p.blocks; ++k) {
    const uint8_t* x[P];
#pragma GCC unroll 8
    for (int i = 0; i < P; ++i) x[i] = a + p.a_step[k] + pixel[i];
    const int8_t* w = p.b + k * kInt8Block;
    if (p.quads[k] == 16) {  // without a loop, whose end would be mispredicted every time
#pragma GCC unroll 16
      for (int quad = 0; quad < 16; ++quad) multiply_quad<P>(x, w, quad, low, high);
      continue;
    }
    for (int quad = 0; quad < p.quads[k]; ++quad) multiply_quad<P>(x, w, quad, low, high);
  }
#pragma GCC unroll 8
  for (int i = 0; i < P; ++i) {
    _mm512_storeu_si512(c + 16 * i, low[i]);
    _mm512_storeu_si512(c + 256 + 16 * i, high[i]);
  }
}

void multiply(const Int8Product& p) {
  for (int tile = 0; tile < p.tiles; ++tile)
    for (int row = 0; row < kInt8Rows && tile * kInt8Rows + row < p.pixels; row += 8) {
      const int32_t* pixel = p.pixel[tile] + row;
      int32_t* c = p.c + tile * 512 + row * 16;
      if (p.pixels - tile * kInt8Rows - row > 4)
        multiply_pixels<8>(p, p.a[tile], pixel, c);
      else
        multiply_pixels<4>(p, p.a[tile], pixel, c);
    }
}

struct Panel {
  __m512 scale[2], shift[2], addend_scale;
  __mmask32 channels;
};

// The 32 addends of a pixel in the order of the two halves, as floats.
inline void load_addends(const Panel& panel, const uint8_t* addend, __m512 out[2]) {
  const __m256i bytes = _mm256_maskz_loadu_epi8(panel.channels, addend);
  const __m256i halves = _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7));
  out[0] = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm256_castsi256_si128(halves)));
  out[1] = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm256_extracti128_si256(halves, 1)));
}

// Two halves of a pixel as 32 i16, still interleaved by groups of four.
template <bool kAdd> inline __m512i narrow(const Panel& panel, const int32_t* c, const uint8_t* addend) {
  __m512 v0 = _mm512_fmadd_ps(_mm512_cvtepi32_ps(_mm512_loadu_si512(c)), panel.scale[0], panel.shift[0]);
  __m512 v1 = _mm512_fmadd_ps(_mm512_cvtepi32_ps(_mm512_loadu_si512(c + 256)), panel.scale[1], panel.shift[1]);
  if constexpr (kAdd) {
    __m512 a[2];
    load_addends(panel, addend, a);
    v0 = _mm512_fmadd_ps(a[0], panel.addend_scale, v0);
    v1 = _mm512_fmadd_ps(a[1], panel.addend_scale, v1);
  }
  return _mm512_packs_epi32(_mm512_cvtps_epi32(v0), _mm512_cvtps_epi32(v1));
}

template <bool kAdd> void store_u8(const Int8Store& s) {
  const Panel panel = {{_mm512_loadu_ps(s.scale), _mm512_loadu_ps(s.scale + 16)},
                       {_mm512_loadu_ps(s.shift), _mm512_loadu_ps(s.shift + 16)},
                       _mm512_set1_ps(s.addend_scale),
                       static_cast<__mmask32>(s.channels == 32 ? ~0u : (1u << s.channels) - 1)};
  const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
  for (int64_t p = 0; p < s.tiles * kInt8Rows; p += 2) {
    const int32_t t0 = s.target[p], t1 = s.target[p + 1];
    if (t0 < 0 && t1 < 0) continue;
    const int32_t* c = s.c + p / 16 * 512 + p % 16 * 16;
    // A pixel that is not stored has some other's addends: of no consequence.
    const int32_t any = t0 < 0 ? t1 : t0;
    const __m512i n0 = narrow<kAdd>(panel, c, s.addend + any);
    const __m512i n1 = narrow<kAdd>(panel, c + 16, s.addend + (t1 < 0 ? any : t1));
    const __m512i both = _mm512_permutexvar_epi64(order, _mm512_packus_epi16(n0, n1));
    if (t0 >= 0) _mm256_mask_storeu_epi8(s.y + t0, panel.channels, _mm512_castsi512_si256(both));
    if (t1 >= 0) _mm256_mask_storeu_epi8(s.y + t1, panel.channels, _mm512_extracti64x4_epi64(both, 1));
  }
}

void store(const Int8Store& s) {
  if (s.addend)
    store_u8<true>(s);
  else
    store_u8<false>(s);
}

constexpr Int8Isa kAvx512 = {"avx512 vnni int8", false, nothing, nothing, multiply, store};

}  // namespace

const Int8Isa& int8_avx512() { return kAvx512; }

}  // namespace resnet
