#include "ops/cpu/elementwise.h"

#include "ops/cpu/simd_blocks.h"

namespace resnet {
namespace {

// Calls body(first, lanes, vectors) for 32 elements at a time, their inputs on the way, and for what is left.
constexpr int64_t kAhead = 2048;  // elements

template <class Body> inline void for_elements(int64_t n, const Body& body) {
  int64_t i = 0;
  for (; i + 32 <= n; i += 32) body(i, Count<2>{}, All{});
  for_channels(n - i, [&](int64_t k, auto lanes) { body(i + k, Count<1>{}, lanes); });
}

// Reads at i, and fetches what comes kAhead elements later.
template <int kV, class T, class L> inline Vectors<kV> next(const T* x, int64_t i, L lanes) {
  for (int64_t line = 0; line < 16 * kV; line += 64 / static_cast<int64_t>(sizeof(T)))
    __builtin_prefetch(x + i + kAhead + line);
  return load_vectors<kV>(x + i, lanes);
}

template <class A, class B> void convert(const A* x, B* y, int64_t n) {
  for_elements(
      n, [&](int64_t i, auto count, auto lanes) { store_vectors(y + i, next<count.n>(x, i, lanes), lanes, false); });
}

template <class T> void add(const T* a, const T* b, T* y, int64_t n) {
  for_elements(n, [&](int64_t i, auto count, auto lanes) {
    auto v = next<count.n>(a, i, lanes);
    const auto w = next<count.n>(b, i, lanes);
    for (int j = 0; j < count.n; ++j) v.v[j] += w.v[j];
    store_vectors(y + i, v, lanes, false);
  });
}

template <class T> void relu(const T* x, T* y, int64_t n) {
  for_elements(n, [&](int64_t i, auto count, auto lanes) {
    auto v = next<count.n>(x, i, lanes);
    for (int j = 0; j < count.n; ++j) v.v[j] = select(positive(v.v[j]), v.v[j]);
    store_vectors(y + i, v, lanes, false);
  });
}

template <class T> void relu_backward(const T* y, const T* dy, T* dx, int64_t n) {
  for_elements(n, [&](int64_t i, auto count, auto lanes) {
    const auto v = next<count.n>(y, i, lanes);
    auto d = next<count.n>(dy, i, lanes);
    for (int j = 0; j < count.n; ++j) d.v[j] = select(positive(v.v[j]), d.v[j]);
    store_vectors(dx + i, d, lanes, false);
  });
}

void sgd(float* w, float* v, const float* g, int64_t n, float lr, float momentum, float decay, bool nesterov,
         bool caffe) {
  const float in_v = caffe ? lr : 1.0f, out_v = caffe ? 1.0f : lr;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    const float d = in_v * (g[i] + decay * w[i]);
    v[i] = momentum * v[i] + d;
    w[i] -= out_v * (nesterov ? d + momentum * v[i] : v[i]);
  }
}

}  // namespace

namespace SIMD_NS {
extern const ElementwiseTable elementwise_table;
const ElementwiseTable elementwise_table = {convert, convert, add, add, relu, relu, relu_backward, relu_backward, sgd};
}  // namespace SIMD_NS

}  // namespace resnet
