#include "ops/cpu/batch_norm_loops.h"

#include "ops/cpu/simd_blocks.h"

namespace resnet {
namespace {

// The sums walk from the end, what follows them from the start: what was touched last is still in the caches.

template <class T>
[[gnu::flatten]] void moments(const T* x, int64_t rows, int64_t c, const float* pivot, double* sum, double* square) {
  for_blocks<T>(rows, c, true, [&](const auto& b) {
    const auto p = of_channels(pivot, b);
    auto s = p, q = p;
    for (int j = 0; j < b.kCount; ++j) s.v[j] = q.v[j] = F16{};
    for (int64_t i = 0; i < b.rows; ++i) {
      const auto v = read(x, b, i);
      for (int j = 0; j < b.kCount; ++j) {
        const F16 d = v.v[j] - p.v[j];
        s.v[j] += d;
        q.v[j] += d * d;
      }
    }
    add_to_channels(sum, s, b);
    add_to_channels(square, q, b);
  });
}

template <class T, bool kAdd, bool kRelu>
[[gnu::flatten]] void normalize_as(const T* x, const T* addend, T* y, uint16_t* mask, bool stream, int64_t rows,
                                   int64_t c, const float* scale, const float* shift) {
  for_blocks<T>(rows, c, false, [&](const auto& b) {
    const auto scales = of_channels(scale, b), shifts = of_channels(shift, b);
    for (int64_t i = 0; i < b.rows; ++i) {
      auto v = read(x, b, i);
      for (int j = 0; j < b.kCount; ++j) v.v[j] = v.v[j] * scales.v[j] + shifts.v[j];
      if (kAdd) {
        const auto a = read(addend, b, i);
        for (int j = 0; j < b.kCount; ++j) v.v[j] += a.v[j];
      }
      if (kRelu)
        for (int j = 0; j < b.kCount; ++j) {
          const uint16_t bits = positive(v.v[j]);
          v.v[j] = select(bits, v.v[j]);
          if (mask) mask[b.word + i * b.words + j] = bits;
        }
      write(y, b, i, v, stream);
    }
  });
}

template <class T>
void normalize(const T* x, const T* addend, T* y, uint16_t* mask, bool relu, bool stream, int64_t rows, int64_t c,
               const float* scale, const float* shift) {
  const auto body = addend ? (relu ? normalize_as<T, true, true> : normalize_as<T, true, false>)
                           : (relu ? normalize_as<T, false, true> : normalize_as<T, false, false>);
  body(x, addend, y, mask, stream && whole_line(y), rows, c, scale, shift);
  if (stream) end_streaming();
}

template <class T>
[[gnu::flatten]] void backward_sums(const T* x, const T* dy, const uint16_t* mask, int64_t rows, int64_t c,
                                    const float* mean, double* sum, double* product) {
  for_blocks<T>(rows, c, true, [&](const auto& b) {
    const auto m = of_channels(mean, b);
    auto s = m, q = m;
    for (int j = 0; j < b.kCount; ++j) s.v[j] = q.v[j] = F16{};
    for (int64_t i = 0; i < b.rows; ++i) {
      const auto dz = masked(mask, b, i, read(dy, b, i));
      const auto v = read(x, b, i);
      for (int j = 0; j < b.kCount; ++j) {
        s.v[j] += dz.v[j];
        q.v[j] += dz.v[j] * (v.v[j] - m.v[j]);
      }
    }
    add_to_channels(sum, s, b);
    add_to_channels(product, q, b);
  });
}

template <class T>
[[gnu::flatten]] void backward(const T* x, const T* dy, const uint16_t* mask, T* dx, T* d_addend, bool accumulate,
                               bool stream, int64_t rows, int64_t c, const float* p, const float* q, const float* r) {
  const bool stream_dx = stream && dx != dy && whole_line(dx);
  const bool stream_addend = stream && d_addend != dy && !accumulate && whole_line(d_addend);
  for_blocks<T>(rows, c, false, [&](const auto& b) {
    const auto ps = of_channels(p, b), qs = of_channels(q, b), rs = of_channels(r, b);
    for (int64_t i = 0; i < b.rows; ++i) {
      auto dz = masked(mask, b, i, read(dy, b, i)), v = read(x, b, i);
      for (int j = 0; j < b.kCount; ++j) v.v[j] = ps.v[j] * dz.v[j] + (qs.v[j] * v.v[j] + rs.v[j]);
      if (accumulate) {
        const auto before = read(d_addend, b, i);
        for (int j = 0; j < b.kCount; ++j) dz.v[j] += before.v[j];
      }
      if (d_addend) write(d_addend, b, i, dz, stream_addend);
      if (dx) write(dx, b, i, v, stream_dx);
    }
  });
  if (stream) end_streaming();
}

}  // namespace

namespace SIMD_NS {
extern const BatchNormTable batch_norm_loops;
const BatchNormTable batch_norm_loops = {
    {moments<float>, normalize<float>, backward_sums<float>, backward<float>},
    {moments<uint16_t>, normalize<uint16_t>, backward_sums<uint16_t>, backward<uint16_t>}};
}  // namespace SIMD_NS

}  // namespace resnet
