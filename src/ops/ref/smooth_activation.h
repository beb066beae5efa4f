// The oracle of activations whose derivative follows from their output: dx = dy·F::derivative(y).
#pragma once

#include "ops/kernel.h"
#include "ops/ref/element.h"

namespace resnet::ref {

template <class F> class RefSmoothActivation final : public Kernel {
 public:
  explicit RefSmoothActivation(const KernelSpec& spec) : Kernel(spec) {
    needs_.backward_reads_y = true;
    needs_.y_over_x = {true, false};
    needs_.dx_over_dy = {true, false};
    needs_.accumulates = {true, true};
  }
  std::string name() const override { return "ref"; }

  void forward(const KernelArgs& a) override {
    for (int64_t i = 0; i < spec_.y.elements(); ++i) {
      const double v = get(a.x[0], spec_.dtype, i);
      set(a.y, spec_.dtype, i, F::value(v));
    }
  }

  void backward(const KernelArgs& a) override {
    if (!a.dx[0]) return;
    for (int64_t i = 0; i < spec_.y.elements(); ++i) {
      const double y = get(a.y, spec_.dtype, i), dy = get(a.dy, spec_.dtype, i);
      put(a.dx[0], spec_.dtype, i, dy * F::derivative(y), a.accumulate[0]);
    }
  }
};

}  // namespace resnet::ref
