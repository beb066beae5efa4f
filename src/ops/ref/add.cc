// Addition of two tensors, the oracle. Both gradients are dy.
#include "ops/add.h"

#include "ops/kernel.h"
#include "ops/ref/element.h"

namespace resnet::ref {
namespace {

class RefAdd final : public Kernel {
 public:
  explicit RefAdd(const KernelSpec& spec) : Kernel(spec) {
    needs_.y_over_x = {true, true};
    needs_.dx_over_dy = {true, true};
    needs_.accumulates = {true, true};
  }
  std::string name() const override { return "ref"; }

  void forward(const KernelArgs& a) override {
    for (int64_t i = 0; i < spec_.y.elements(); ++i)
      set(a.y, spec_.dtype, i, double{get(a.x[0], spec_.dtype, i)} + get(a.x[1], spec_.dtype, i));
  }

  void backward(const KernelArgs& a) override {
    for (int64_t i = 0; i < spec_.y.elements(); ++i) {
      const float dy = get(a.dy, spec_.dtype, i);
      for (size_t k = 0; k < 2; ++k)
        if (a.dx[k]) put(a.dx[k], spec_.dtype, i, dy, a.accumulate[k]);
    }
  }
};

const RegisterKernel registered{{"add", "ref", "ref", 0, accept_all, make_kernel<RefAdd>}};

}  // namespace
}  // namespace resnet::ref
