// The kernel of activations whose derivative is a function of their output: tanh, sigmoid. They appear in old networks
// only, so the loops are plain.
#pragma once

#include <cmath>

#include "ops/cpu/element.h"
#include "ops/cpu/parallel_elements.h"
#include "ops/kernel.h"

namespace resnet {

/// F::value(x) is y, F::derivative(y) is dy/dx.
template <class F> class CpuSmoothActivation final : public Kernel {
 public:
  explicit CpuSmoothActivation(const KernelSpec& spec) : Kernel(spec) {
    needs_.backward_reads_y = true;
    needs_.y_over_x[0] = true;
    needs_.dx_over_dy[0] = true;
  }

  std::string name() const override { return "own"; }

  void forward(const KernelArgs& k) override {
    if (spec_.dtype == DType::f32)
      run(static_cast<const float*>(k.x[0]), static_cast<float*>(k.y));
    else
      run(static_cast<const uint16_t*>(k.x[0]), static_cast<uint16_t*>(k.y));
  }

  void backward(const KernelArgs& k) override {
    if (!k.dx[0]) return;
    if (spec_.dtype == DType::f32)
      run_backward(static_cast<const float*>(k.y), static_cast<const float*>(k.dy), static_cast<float*>(k.dx[0]));
    else
      run_backward(static_cast<const uint16_t*>(k.y), static_cast<const uint16_t*>(k.dy),
                   static_cast<uint16_t*>(k.dx[0]));
  }

 private:
  template <class T> void run(const T* x, T* y) const {
    parallel_elements(spec_.y.elements(), [&](int64_t at, int64_t n) {
      for (int64_t i = at; i < at + n; ++i) store_element(y + i, F::value(load_element(x + i)));
    });
  }

  template <class T> void run_backward(const T* y, const T* dy, T* dx) const {
    parallel_elements(spec_.y.elements(), [&](int64_t at, int64_t n) {
      for (int64_t i = at; i < at + n; ++i)
        store_element(dx + i, load_element(dy + i) * F::derivative(load_element(y + i)));
    });
  }
};

}  // namespace resnet
