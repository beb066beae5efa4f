#include "ops/cpu/elementwise.h"

#include "ops/cpu/simd.h"

namespace resnet {
namespace {

template <class A, class B> void convert(const A* x, B* y, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) store(y, i, load(x, i));
}

template <class T> void add(const T* a, const T* b, T* y, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) store(y, i, load(a, i) + load(b, i));
}

template <class T> void relu(const T* x, T* y, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    const float v = load(x, i);
    store(y, i, v > 0 ? v : 0.0f);
  }
}

template <class T> void relu_backward(const T* y, const T* dy, T* dx, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) store(dx, i, load(y, i) > 0 ? load(dy, i) : 0.0f);
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
