// Data movement of the own bf16 convolutions, on AVX-512 with bf16 conversions.
// Only plain functions here: an inline one shared with other files might be linked in with these instructions.
#include <immintrin.h>

#include "ops/cpu/conv_own_pack.h"

namespace resnet {

namespace {

#define UNROLL _Pragma("GCC unroll 16")

__m512i widen(const uint16_t* x) {
  return _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x)));
}

// 16 channels of two pictures as dwords (x low, x2 high).
__m512i pair(const uint16_t* x, const uint16_t* x2) {
  const __m512i low = x ? widen(x) : _mm512_setzero_si512();
  return x2 ? _mm512_or_si512(low, _mm512_slli_epi32(widen(x2), 16)) : low;
}

// at(element of the source): what is stored for 16 channels.
template <class Pair> void interleave_run(const PixelRun& run, const Pair& at) {
  for (int64_t p = 0; p < run.count; ++p) {
    uint16_t* out = run.out + p * run.out_step;
    for (int64_t b = 0; b < run.blocks; ++b) _mm512_storeu_si512(out + b * run.out_block, at(p * run.step + b * 16));
  }
}

void transpose(__m512i r[16]) {
  __m512i t[16];
  UNROLL for (int i = 0; i < 8; ++i) {
    t[2 * i] = _mm512_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
    t[2 * i + 1] = _mm512_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
  }
  UNROLL for (int i = 0; i < 4; ++i) {
    r[4 * i] = _mm512_unpacklo_epi64(t[4 * i], t[4 * i + 2]);
    r[4 * i + 1] = _mm512_unpackhi_epi64(t[4 * i], t[4 * i + 2]);
    r[4 * i + 2] = _mm512_unpacklo_epi64(t[4 * i + 1], t[4 * i + 3]);
    r[4 * i + 3] = _mm512_unpackhi_epi64(t[4 * i + 1], t[4 * i + 3]);
  }
  UNROLL for (int i = 0; i < 4; ++i) {
    t[i] = _mm512_shuffle_i32x4(r[i], r[4 + i], 0x88);
    t[4 + i] = _mm512_shuffle_i32x4(r[i], r[4 + i], 0xdd);
    t[8 + i] = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0x88);
    t[12 + i] = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0xdd);
  }
  UNROLL for (int i = 0; i < 4; ++i) {
    r[i] = _mm512_shuffle_i32x4(t[i], t[8 + i], 0x88);
    r[4 + i] = _mm512_shuffle_i32x4(t[4 + i], t[12 + i], 0x88);
    r[8 + i] = _mm512_shuffle_i32x4(t[i], t[8 + i], 0xdd);
    r[12 + i] = _mm512_shuffle_i32x4(t[4 + i], t[12 + i], 0xdd);
  }
}

__m512 widen_f32(const uint16_t* x) { return _mm512_castsi512_ps(_mm512_slli_epi32(widen(x), 16)); }

// bf16 pairs (low, high).
__m512i zip(__m512 low, __m512 high) {
  const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21,
                                         5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  return _mm512_permutexvar_epi16(order, (__m512i)_mm512_cvtne2ps_pbh(high, low));
}

bool adjoining(const int32_t* index) {
  for (int i = 1; i < 32; ++i)
    if (index[i] != index[0] + i) return false;
  return true;
}

// 32 ks that adjoin in the weights, of 16 columns.
void pack_adjoining(const float* w, int64_t column_step, uint16_t* out) {
  __m512i r[16];
  UNROLL for (int j = 0; j < 16; ++j) {
    const float* at = w + j * column_step;
    r[j] = (__m512i)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(at + 16), _mm512_loadu_ps(at));
  }
  transpose(r);
  UNROLL for (int j = 0; j < 16; ++j) _mm512_storeu_si512(out + j * 32, r[j]);
}

// Bias and ReLU, for results of 16 channels.
struct Finish {
  __m512 bias, least;
};

Finish finish_of(const ResultStore& s, int columns) {
  return {s.bias ? _mm512_loadu_ps(s.bias + columns) : _mm512_setzero_ps(),
          _mm512_set1_ps(s.relu ? 0.0f : -__builtin_inff())};
}

template <bool kAddend> __m512 finished(const float* c, const ResultStore& s, int64_t at, const Finish& f) {
  __m512 v = _mm512_add_ps(_mm512_loadu_ps(c), f.bias);
  if (kAddend) {
    v = _mm512_add_ps(v, widen_f32(s.addend + at));
    _mm_prefetch(reinterpret_cast<const char*>(s.addend + at + s.next), _MM_HINT_T0);
  }
  return _mm512_max_ps(f.least, v);  // NaN stays
}

// What is added up over the pixels of 16 channels.
enum class Sums { none, squares, gated, masked };

template <Sums kSums> struct Summed {
  __m512 sum = _mm512_setzero_ps(), product = _mm512_setzero_ps();
  __m512 scale, shift;

  Summed(const ResultStore& s, int columns) {
    if constexpr (kSums == Sums::gated) {
      scale = _mm512_loadu_ps(s.scale + columns);
      shift = _mm512_loadu_ps(s.shift + columns);
    }
  }
  __m512 take(__m512 v, const ResultStore& s, int64_t at) {
    if constexpr (kSums == Sums::none) return v;
    __m512 other = v;
    if constexpr (kSums == Sums::gated) {
      other = widen_f32(s.gate + at);
      const __mmask16 open = _mm512_cmp_ps_mask(_mm512_fmadd_ps(other, scale, shift), _mm512_setzero_ps(), _CMP_GT_OQ);
      v = _mm512_maskz_mov_ps(open, v);
    }
    if constexpr (kSums == Sums::masked) {
      other = widen_f32(s.gate + at);
      _mm_prefetch(reinterpret_cast<const char*>(s.gate + at + s.next), _MM_HINT_T0);
      v = _mm512_maskz_mov_ps(s.mask[at / 16], v);
    }
    sum = _mm512_add_ps(sum, v);
    product = _mm512_fmadd_ps(v, other, product);
    return v;
  }
  static void add(double* total, __m512 v) {
    _mm512_storeu_pd(total, _mm512_add_pd(_mm512_loadu_pd(total), _mm512_cvtps_pd(_mm512_castps512_ps256(v))));
    _mm512_storeu_pd(total + 8,
                     _mm512_add_pd(_mm512_loadu_pd(total + 8), _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1))));
  }
  void finish(const ResultStore& s, int columns) const {
    if constexpr (kSums == Sums::none) return;
    add(s.sum + columns, sum);
    add(s.product + columns, product);
  }
};

template <bool kStream> void store_line(uint16_t* y, __m512 low, __m512 high) {
  const __m512i line = (__m512i)_mm512_cvtne2ps_pbh(high, low);
  if constexpr (kStream)
    _mm512_stream_si512(reinterpret_cast<__m512i*>(y), line);
  else
    _mm512_storeu_si512(y, line);
}

// 32 channels a pixel.
template <bool kAddend, bool kStream, Sums kSums> void store_wide(const ResultStore& s) {
  const Finish f0 = finish_of(s, 0), f1 = finish_of(s, 16);
  Summed<kSums> sum0(s, 0), sum1(s, 16);
  for (int i = 0; i < s.m_tiles; ++i) {
    const float* c = s.c + i * s.c_stride;
    const int64_t base = s.at[i] + s.channel;
    UNROLL for (int row = 0; row < 16; ++row, c += 16) {
      if (s.offset[i][row] < 0) continue;
      const int64_t at = base + s.offset[i][row];
      store_line<kStream>(s.y + at, sum0.take(finished<kAddend>(c, s, at, f0), s, at),
                          sum1.take(finished<kAddend>(c + 256, s, at + 16, f1), s, at + 16));
    }
  }
  sum0.finish(s, 0);
  sum1.finish(s, 16);
}

// 16 channels a pixel; neighbours in memory are written together.
template <bool kAddend, bool kStream, Sums kSums> void store_narrow(const ResultStore& s) {
  const Finish f = finish_of(s, 0);
  Summed<kSums> sum(s, 0);
  const auto value = [&](const float* c, int64_t at) { return sum.take(finished<kAddend>(c, s, at, f), s, at); };
  for (int i = 0; i < s.m_tiles; ++i) {
    const float* c = s.c + i * s.c_stride;
    const int64_t* offset = s.offset[i];
    const int64_t base = s.at[i] + s.channel;
    UNROLL for (int row = 0; row < 16; row += 2, c += 32) {
      const int64_t at = base + offset[row], at1 = base + offset[row + 1];
      if (offset[row] >= 0 && at1 == at + 16) {
        const __m512 low = value(c, at), high = value(c + 16, at1);
        store_line<kStream>(s.y + at, low, high);
        continue;
      }
      if (offset[row] >= 0)
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(s.y + at), (__m256i)_mm512_cvtneps_pbh(value(c, at)));
      if (offset[row + 1] >= 0)
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(s.y + at1), (__m256i)_mm512_cvtneps_pbh(value(c + 16, at1)));
    }
  }
  sum.finish(s, 0);
}

template <bool kAddend, bool kStream, Sums kSums> void store_as(const ResultStore& s) {
  s.n_tiles == 2 ? store_wide<kAddend, kStream, kSums>(s) : store_narrow<kAddend, kStream, kSums>(s);
}

template <Sums kSums> void store_plain(const ResultStore& s) {
  s.stream ? store_as<false, true, kSums>(s) : store_as<false, false, kSums>(s);
}

}  // namespace

void copy_pixels(const PixelRun& run) {
  for (int64_t p = 0; p < run.count; ++p) {
    const uint16_t* x = run.x ? run.x + p * run.step : nullptr;
    uint16_t* out = run.out + p * run.out_step;
    for (int64_t b = 0; b < run.blocks; ++b)
      _mm512_storeu_si512(out + b * run.out_block, x ? _mm512_loadu_si512(x + b * 32) : _mm512_setzero_si512());
  }
}

void copy_pixels_twice(const uint16_t* x, int64_t w, int64_t first, int64_t columns, uint16_t* out) {
  const auto edge = [&](int64_t j) {  // a pixel that may be outside, or whose neighbour may be
    const int64_t at = first + j;
    const bool low = x && at >= 0 && at < w, high = x && at + 1 >= 0 && at + 1 < w;
    const __mmask32 mask = (low ? 0xffffu : 0) | (high ? 0xffff0000u : 0);
    const __m512i both = mask == 0 ? _mm512_setzero_si512() : _mm512_maskz_loadu_epi16(mask, x + at * 16);
    _mm512_storeu_si512(out + j * 32, both);
  };
  int64_t j = 0;
  for (; j < columns && first + j < 0; ++j) edge(j);
  for (; x && j < columns && first + j + 1 < w; ++j)
    _mm512_storeu_si512(out + j * 32, _mm512_loadu_si512(x + (first + j) * 16));
  for (; j < columns; ++j) edge(j);
}

void interleave_pixels(const PixelRun& run) {
  const uint16_t *x = run.x, *x2 = run.x2;
  if (x2) return interleave_run(run, [=](int64_t i) { return pair(x + i, x2 + i); });
  if (x) return interleave_run(run, [=](int64_t i) { return widen(x + i); });
  interleave_run(run, [](int64_t) { return _mm512_setzero_si512(); });
}

void interleave(const uint16_t* x, const uint16_t* x2, int64_t count, uint16_t* out) {
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) _mm512_storeu_si512(out + 2 * i, pair(x ? x + i : nullptr, x2 ? x2 + i : nullptr));
  for (; i < count; ++i) {
    out[2 * i] = x ? x[i] : 0;
    out[2 * i + 1] = x2 ? x2[i] : 0;
  }
}

void transpose_pairs(const uint16_t* const x[16], const uint16_t* const x2[16], int64_t blocks, uint16_t* out,
                     int64_t out_block) {
  for (int64_t b = 0; b < blocks; ++b) {
    __m512i r[16];
    UNROLL for (int i = 0; i < 16; ++i) r[i] = pair(x[i] ? x[i] + b * 16 : nullptr, x2[i] ? x2[i] + b * 16 : nullptr);
    transpose(r);
    UNROLL for (int i = 0; i < 16; ++i) _mm512_storeu_si512(out + b * out_block + i * 32, r[i]);
  }
}

void pack_weights(const float* w, int64_t column_step, const int32_t* index, int64_t count, uint16_t* out) {
  alignas(64) int32_t columns[16];
  for (int j = 0; j < 16; ++j) columns[j] = static_cast<int32_t>(j * column_step);
  const __m512i column = _mm512_load_si512(columns);
  const auto load = [&](int32_t at) {
    if (at < 0) return _mm512_setzero_ps();
    return column_step == 1 ? _mm512_loadu_ps(w + at) : _mm512_i32gather_ps(column, w + at, 4);
  };
  for (int64_t k = 0; k < count; k += 32) {
    if (index[k] >= 0 && adjoining(index + k)) {
      pack_adjoining(w + index[k], column_step, out + k * 16);
      continue;
    }
    for (int64_t i = k; i < k + 32; i += 2) _mm512_storeu_si512(out + i * 16, zip(load(index[i]), load(index[i + 1])));
  }
}

void store_results(const ResultStore& s) {
  if (s.addend && s.mask) return store_as<true, false, Sums::masked>(s);
  if (s.addend) return store_as<true, false, Sums::none>(s);
  if (s.sum == nullptr) return store_plain<Sums::none>(s);
  if (s.mask) return store_plain<Sums::masked>(s);
  s.gate ? store_plain<Sums::gated>(s) : store_plain<Sums::squares>(s);
}

void add_tiles(const float* tile, const int64_t* offset, int64_t parts, float* out) {
  for (int i = 0; i < 256; i += 16) {
    __m512 sum = _mm512_loadu_ps(tile + offset[0] + i);
    for (int64_t p = 1; p < parts; ++p) sum = _mm512_add_ps(sum, _mm512_loadu_ps(tile + offset[p] + i));
    _mm512_storeu_ps(out + i, sum);
  }
}

void store_taps(const float* tile, int64_t taps, float* out, int64_t row_step) {
  for (int64_t row = 0; row < 16; ++row)
    for (int64_t t = 0; t < taps; ++t)
      for (int64_t i = 0; i < 16; ++i) out[row * row_step + i * taps + t] = tile[t * 256 + row * 16 + i];
}

void store_transposed(const float* tile, float* out, int64_t column_step) {
  __m512i r[16];
  UNROLL for (int i = 0; i < 16; ++i) r[i] = _mm512_loadu_si512(tile + i * 16);
  transpose(r);
  UNROLL for (int i = 0; i < 16; ++i) _mm512_storeu_si512(out + i * column_step, r[i]);
}

}  // namespace resnet
