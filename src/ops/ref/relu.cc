// ReLU, the oracle. dx = dy where y > 0.
#include "ops/relu.h"

#include "ops/kernel.h"
#include "ops/ref/element.h"

namespace resnet::ref {
namespace {

class RefRelu final : public Kernel {
 public:
  explicit RefRelu(const KernelSpec& spec) : Kernel(spec) {
    needs_.backward_reads_y = true;
    needs_.y_over_x = {true, false};
    needs_.dx_over_dy = {true, false};
    needs_.accumulates = {true, true};
  }
  std::string name() const override { return "ref"; }

  void forward(const KernelArgs& a) override {
    for (int64_t i = 0; i < spec_.y.elements(); ++i) {
      const float x = get(a.x[0], spec_.dtype, i);
      set(a.y, spec_.dtype, i, x < 0 ? 0 : x);
    }
  }

  void backward(const KernelArgs& a) override {
    if (!a.dx[0]) return;
    for (int64_t i = 0; i < spec_.y.elements(); ++i) {
      const float dy = get(a.dy, spec_.dtype, i);
      put(a.dx[0], spec_.dtype, i, get(a.y, spec_.dtype, i) > 0 ? dy : 0, a.accumulate[0]);
    }
  }
};

const RegisterKernel registered{{"relu", "ref", "ref", 0, accept_all, make_kernel<RefRelu>}};

}  // namespace
}  // namespace resnet::ref
