#include "ops/cpu/batch_norm_loops.h"

#include "ops/cpu/simd.h"

namespace resnet {
namespace {

// Rows are taken in tiles: within one, a block of 16 channels keeps its sums in registers, and across tiles they go to
// doubles, so that no float adds up more than this many terms.
constexpr int64_t kTile = 32;

void add_to(double* total, F16 v, All) {
  for (int i = 0; i < 16; ++i) total[i] += static_cast<double>(v[i]);
}
void add_to(double* total, F16 v, First lanes) {
  for (int64_t i = 0; i < lanes.n; ++i) total[i] += static_cast<double>(v[i]);
}

// Calls body(first row, rows, first channel, lanes) for every tile and block of channels.
template <class Body> inline void for_tiles(int64_t rows, int64_t c, const Body& body) {
  for (int64_t r = 0; r < rows; r += kTile) {
    const int64_t n = rows - r < kTile ? rows - r : kTile;
    for_channels(c, [&](int64_t k, auto lanes) { body(r, n, k, lanes); });
  }
}

template <class T> void moments(const T* x, int64_t rows, int64_t c, const float* pivot, double* sum, double* square) {
  for_tiles(rows, c, [&](int64_t r, int64_t n, int64_t k, auto lanes) {
    const F16 p = load16(pivot + k, lanes);
    F16 s = {}, q = {};
    for (int64_t i = r; i < r + n; ++i) {
      const F16 v = load16(x + i * c + k, lanes) - p;
      s += v;
      q += v * v;
    }
    add_to(sum + k, s, lanes);
    add_to(square + k, q, lanes);
  });
}

template <class T, bool kAdd, bool kRelu>
void normalize_as(const T* x, const T* addend, T* y, uint16_t* mask, int64_t rows, int64_t c, const float* scale,
                  const float* shift) {
  const int64_t words = mask_words(c);
  for_tiles(rows, c, [&](int64_t r, int64_t n, int64_t k, auto lanes) {
    const F16 a = load16(scale + k, lanes), b = load16(shift + k, lanes);
    for (int64_t i = r; i < r + n; ++i) {
      F16 v = load16(x + i * c + k, lanes) * a + b;
      if (kAdd) v += load16(addend + i * c + k, lanes);
      if (kRelu) {
        const uint16_t bits = positive(v);
        v = select(bits, v);
        if (mask) mask[i * words + k / 16] = bits;
      }
      store16(y + i * c + k, v, lanes);
    }
  });
}

template <class T>
void normalize(const T* x, const T* addend, T* y, uint16_t* mask, bool relu, int64_t rows, int64_t c,
               const float* scale, const float* shift) {
  const auto body = addend ? (relu ? normalize_as<T, true, true> : normalize_as<T, true, false>)
                           : (relu ? normalize_as<T, false, true> : normalize_as<T, false, false>);
  body(x, addend, y, mask, rows, c, scale, shift);
}

template <class T>
void backward_sums(const T* x, const T* dy, const uint16_t* mask, int64_t rows, int64_t c, const float* mean,
                   double* sum, double* product) {
  const int64_t words = mask_words(c);
  for_tiles(rows, c, [&](int64_t r, int64_t n, int64_t k, auto lanes) {
    const F16 m = load16(mean + k, lanes);
    F16 s = {}, q = {};
    for (int64_t i = r; i < r + n; ++i) {
      F16 dz = load16(dy + i * c + k, lanes);
      if (mask) dz = select(mask[i * words + k / 16], dz);
      s += dz;
      q += dz * (load16(x + i * c + k, lanes) - m);
    }
    add_to(sum + k, s, lanes);
    add_to(product + k, q, lanes);
  });
}

template <class T>
void backward(const T* x, const T* dy, const uint16_t* mask, T* dx, T* d_addend, bool accumulate, int64_t rows,
              int64_t c, const float* p, const float* q, const float* r) {
  const int64_t words = mask_words(c);
  for_tiles(rows, c, [&](int64_t row, int64_t n, int64_t k, auto lanes) {
    const F16 a = load16(p + k, lanes), b = load16(q + k, lanes), d = load16(r + k, lanes);
    for (int64_t i = row; i < row + n; ++i) {
      const int64_t at = i * c + k;
      F16 dz = load16(dy + at, lanes);
      if (mask) dz = select(mask[i * words + k / 16], dz);
      const F16 v = a * dz + (b * load16(x + at, lanes) + d);
      if (d_addend) store16(d_addend + at, accumulate ? load16(d_addend + at, lanes) + dz : dz, lanes);
      if (dx) store16(dx + at, v, lanes);
    }
  });
}

}  // namespace

namespace SIMD_NS {
extern const BatchNormTable batch_norm_loops;
const BatchNormTable batch_norm_loops = {
    {moments<float>, normalize<float>, backward_sums<float>, backward<float>},
    {moments<uint16_t>, normalize<uint16_t>, backward_sums<uint16_t>, backward<uint16_t>}};
}  // namespace SIMD_NS

}  // namespace resnet
