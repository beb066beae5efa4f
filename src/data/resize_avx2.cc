// The passes of resizing with AVX2. A weight of 23 bits is taken apart into two of 16, so that one instruction multiplies
// and adds pairs of samples; the sums are the same integers as in the plain loops.
#include <immintrin.h>

#include <algorithm>

#include "data/resize_loops.h"

namespace resnet {

namespace {

constexpr int64_t kReach = 32;  // bytes that are read from a sample on

// Sums of high and of low halves -> (sum + 1/2) as whole numbers.
inline __m256i whole(__m256i high, __m256i low) {
  const __m256i sum = _mm256_add_epi32(_mm256_slli_epi32(high, kLowBits), low);
  return _mm256_srai_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(1 << (kPrecisionBits - 1))), kPrecisionBits);
}

inline __m256i pair(const int16_t* weights) {
  int32_t both;
  __builtin_memcpy(&both, weights, sizeof both);
  return _mm256_set1_epi32(both);
}

// One pixel from `length` pixels at `in`, four at a time; four bytes are written.
inline void pixel(const uint8_t* in, int64_t length, const int16_t* high, const int16_t* low, uint8_t* y) {
  // Bytes of two RGB pixels -> words r0 r1 g0 g1 b0 b1 0 0, in both halves.
  const __m256i order =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1));
  const __m256i spread = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);
  __m256i sum_high = _mm256_setzero_si256(), sum_low = sum_high;
  for (int64_t k = 0; k < length; k += 4, in += 12) {
    const __m128i left = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in));
    const __m128i right = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + 6));
    const __m256i words = _mm256_shuffle_epi8(_mm256_set_m128i(right, left), order);
    const auto weights = [&](const int16_t* w) {
      const __m128i four = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(w + k));
      return _mm256_permutevar8x32_epi32(_mm256_castsi128_si256(four), spread);
    };
    sum_high = _mm256_add_epi32(sum_high, _mm256_madd_epi16(words, weights(high)));
    sum_low = _mm256_add_epi32(sum_low, _mm256_madd_epi16(words, weights(low)));
  }
  const auto halves = [](__m256i v) {
    return _mm256_castsi128_si256(_mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1)));
  };
  const __m128i sum = _mm256_castsi256_si128(whole(halves(sum_high), halves(sum_low)));
  const __m128i words = _mm_packs_epi32(sum, sum);
  const int32_t bytes = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
  __builtin_memcpy(y, &bytes, sizeof bytes);
}

// `groups` of 16 bytes of one output row.
template <int groups>
inline void columns(const uint8_t* x, int64_t stride, int64_t length, const int16_t* high, const int16_t* low,
                    uint8_t* y) {
  __m256i sum_high[2 * groups], sum_low[2 * groups];
  for (int g = 0; g < 2 * groups; ++g) sum_high[g] = sum_low[g] = _mm256_setzero_si256();
  for (int64_t k = 0; k < length; k += 2) {
    const uint8_t *a = x + k * stride, *b = x + std::min(k + 1, length - 1) * stride;
    const __m256i wh = pair(high + k), wl = pair(low + k);
    for (int g = 0; g < groups; ++g) {
      const __m128i one = _mm_loadu_si128(reinterpret_cast<const __m128i*>(a + 16 * g));
      const __m128i two = _mm_loadu_si128(reinterpret_cast<const __m128i*>(b + 16 * g));
      const __m256i left = _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(one, two));
      const __m256i right = _mm256_cvtepu8_epi16(_mm_unpackhi_epi8(one, two));
      sum_high[2 * g] = _mm256_add_epi32(sum_high[2 * g], _mm256_madd_epi16(left, wh));
      sum_low[2 * g] = _mm256_add_epi32(sum_low[2 * g], _mm256_madd_epi16(left, wl));
      sum_high[2 * g + 1] = _mm256_add_epi32(sum_high[2 * g + 1], _mm256_madd_epi16(right, wh));
      sum_low[2 * g + 1] = _mm256_add_epi32(sum_low[2 * g + 1], _mm256_madd_epi16(right, wl));
    }
  }
  for (int g = 0; g < groups; ++g) {
    const __m256i left = whole(sum_high[2 * g], sum_low[2 * g]);
    const __m256i right = whole(sum_high[2 * g + 1], sum_low[2 * g + 1]);
    const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(left, right), 0xd8);
    const __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(y + 16 * g), bytes);
  }
}

}  // namespace

void across_avx2(const uint8_t* x, int64_t first, int64_t rows, int64_t stride, const Taps& taps, uint8_t* y) {
  const auto count = static_cast<int64_t>(taps.begin.size());
  // The last rows are left to the plain loops: nothing may be read behind the last byte, nor written behind y's.
  const int64_t last = (kReach + 12 + stride - 1) / stride, fast = std::max<int64_t>(rows - last, 0);
  for (int64_t r = 0; r < fast; ++r)
    for (int64_t i = 0; i < count; ++i, y += 3) {
      const auto at = static_cast<size_t>(i);
      pixel(x + r * stride + (taps.begin[at] - first) * 3, taps.length[at], taps.high.data() + i * taps.width,
            taps.low.data() + i * taps.width, y);
    }
  across_plain(x + fast * stride, first, rows - fast, stride, taps, y);
}

void down_avx2(const uint8_t* x, int64_t first, int64_t stride, int64_t row, const Taps& taps, uint8_t* y) {
  if (row < 16) return down_plain(x, first, stride, row, taps, y);
  const auto count = static_cast<int64_t>(taps.begin.size());
  for (int64_t i = 0; i < count; ++i, y += row) {
    const auto at = static_cast<size_t>(i);
    const uint8_t* in = x + (taps.begin[at] - first) * stride;
    const int16_t *high = taps.high.data() + i * taps.width, *low = taps.low.data() + i * taps.width;
    int64_t j = 0;
    for (; j + 32 <= row; j += 32) columns<2>(in + j, stride, taps.length[at], high, low, y + j);
    for (; j + 16 <= row; j += 16) columns<1>(in + j, stride, taps.length[at], high, low, y + j);
    if (j < row) columns<1>(in + row - 16, stride, taps.length[at], high, low, y + row - 16);
  }
}

}  // namespace resnet
