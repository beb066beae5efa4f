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

// The sums of P pixels of a tile, of the panel's first half and of its second; where the product goes on, from c and c + 256.
template <int P>
[[gnu::always_inline]] inline void add_pixels(const Int8Product& p, const uint8_t* a, const int32_t* pixel,
                                              const int32_t* c, __m512i (&low)[P], __m512i (&high)[P]) {
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
}

// Calls body.template operator()<P>(tile, row) for the pixels that exist, P rows of a tile at a time.
template <class Body> inline void for_pixels(const Int8Product& p, const Body& body) {
  for (int tile = 0; tile < p.tiles; ++tile)
    for (int row = 0; row < kInt8Rows && tile * kInt8Rows + row < p.pixels; row += 8)
      if (p.pixels - tile * kInt8Rows - row > 4)
        body.template operator()<8>(tile, row);
      else
        body.template operator()<4>(tile, row);
}

void multiply(const Int8Product& p) {
  for_pixels(p, [&]<int P>(int tile, int row) {
    __m512i low[P], high[P];
    int32_t* c = p.c + tile * 512 + row * 16;
    add_pixels<P>(p, p.a[tile], p.pixel[tile] + row, c, low, high);
#pragma GCC unroll 8
    for (int i = 0; i < P; ++i) {
      _mm512_storeu_si512(c + 16 * i, low[i]);
      _mm512_storeu_si512(c + 256 + 16 * i, high[i]);
    }
  });
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
template <bool kAdd> inline __m512i narrow(const Panel& panel, __m512i low, __m512i high, const uint8_t* addend) {
  __m512 v0 = _mm512_fmadd_ps(_mm512_cvtepi32_ps(low), panel.scale[0], panel.shift[0]);
  __m512 v1 = _mm512_fmadd_ps(_mm512_cvtepi32_ps(high), panel.scale[1], panel.shift[1]);
  if constexpr (kAdd) {
    __m512 a[2];
    load_addends(panel, addend, a);
    v0 = _mm512_fmadd_ps(a[0], panel.addend_scale, v0);
    v1 = _mm512_fmadd_ps(a[1], panel.addend_scale, v1);
  }
  return _mm512_packs_epi32(_mm512_cvtps_epi32(v0), _mm512_cvtps_epi32(v1));
}

inline Panel panel_of(const Int8Store& s) {
  return {{_mm512_loadu_ps(s.scale), _mm512_loadu_ps(s.scale + 16)},
          {_mm512_loadu_ps(s.shift), _mm512_loadu_ps(s.shift + 16)},
          _mm512_set1_ps(s.addend_scale),
          static_cast<__mmask32>(s.channels == 32 ? ~0u : (1u << s.channels) - 1)};
}

// The sums of two pixels.
template <bool kAdd>
[[gnu::always_inline]] inline void store_two(const Int8Store& s, const Panel& panel, const int32_t* target,
                                             const __m512i (&low)[2], const __m512i (&high)[2]) {
  const int32_t t0 = target[0], t1 = target[1];
  if (t0 < 0 && t1 < 0) return;
  // A pixel that is not stored has some other's addends: of no consequence.
  const int32_t any = t0 < 0 ? t1 : t0;
  const uint8_t *a0 = kAdd ? s.addend + any : nullptr, *a1 = kAdd ? s.addend + (t1 < 0 ? any : t1) : nullptr;
  const __m512i n0 = narrow<kAdd>(panel, low[0], high[0], a0);
  const __m512i n1 = narrow<kAdd>(panel, low[1], high[1], a1);
  const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
  const __m512i both = _mm512_permutexvar_epi64(order, _mm512_packus_epi16(n0, n1));
  if (t0 >= 0) _mm256_mask_storeu_epi8(s.y + t0, panel.channels, _mm512_castsi512_si256(both));
  if (t1 >= 0) _mm256_mask_storeu_epi8(s.y + t1, panel.channels, _mm512_extracti64x4_epi64(both, 1));
}

template <bool kAdd> void store_u8(const Int8Store& s) {
  const Panel panel = panel_of(s);
  for (int64_t p = 0; p < s.tiles * kInt8Rows; p += 2) {
    const int32_t* c = s.c + p / 16 * 512 + p % 16 * 16;
    store_two<kAdd>(s, panel, s.target + p, {_mm512_loadu_si512(c), _mm512_loadu_si512(c + 16)},
                    {_mm512_loadu_si512(c + 256), _mm512_loadu_si512(c + 272)});
  }
}

void store(const Int8Store& s) {
  if (s.addend)
    store_u8<true>(s);
  else
    store_u8<false>(s);
}

// Sums go from registers to y.
template <bool kAdd> void finish_u8(const Int8Product& p, const Int8Store& s) {
  const Panel panel = panel_of(s);
  for_pixels(p, [&]<int P>(int tile, int row) {
    __m512i low[P], high[P];
    add_pixels<P>(p, p.a[tile], p.pixel[tile] + row, p.c + tile * 512 + row * 16, low, high);
    const int32_t* target = s.target + tile * kInt8Rows + row;
#pragma GCC unroll 4
    for (int i = 0; i < P; i += 2) store_two<kAdd>(s, panel, target + i, {low[i], low[i + 1]}, {high[i], high[i + 1]});
  });
}

void finish(const Int8Product& p, const Int8Store& s) {
  if (s.addend)
    finish_u8<true>(p, s);
  else
    finish_u8<false>(p, s);
}

constexpr Int8Isa kAvx512 = {"avx512 vnni int8", false, nothing, nothing, multiply, store, finish};

}  // namespace

const Int8Isa& int8_avx512() { return kAvx512; }

}  // namespace resnet
