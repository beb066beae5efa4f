// Vectorised element loops behind one table, chosen once by isa().
#pragma once

#include <cstdint>

namespace resnet {

/// Plain element loops over [0, n). bf16 is uint16_t.
struct ElementwiseTable {
  void (*f32_to_bf16)(const float* x, uint16_t* y, int64_t n);
  void (*bf16_to_f32)(const uint16_t* x, float* y, int64_t n);
  void (*add_f32)(const float* a, const float* b, float* y, int64_t n);  ///< y may be a or b
  void (*add_bf16)(const uint16_t* a, const uint16_t* b, uint16_t* y, int64_t n);
  void (*relu_f32)(const float* x, float* y, int64_t n);
  void (*relu_bf16)(const uint16_t* x, uint16_t* y, int64_t n);
  /// dx = y > 0 ? dy : 0 (dx may be dy)
  void (*relu_backward_f32)(const float* y, const float* dy, float* dx, int64_t n);
  void (*relu_backward_bf16)(const uint16_t* y, const uint16_t* dy, uint16_t* dx, int64_t n);
  /// Momentum SGD: g += decay·w; pytorch: v = momentum·v + g, w -= lr·(nesterov ? g + momentum·v : v);
  /// caffe: v = momentum·v + lr·g, w -= (nesterov ? lr·g + momentum·v : v).
  void (*sgd)(float* w, float* v, const float* g, int64_t n, float lr, float momentum, float decay, bool nesterov,
              bool caffe);
};

const ElementwiseTable& elementwise();

}  // namespace resnet
