// Dropout, the oracle.
#include "ops/dropout.h"

#include "ops/ref/element.h"

namespace resnet::ref {
namespace {

class RefDropout final : public Kernel {
 public:
  explicit RefDropout(const KernelSpec& spec) : Kernel(spec), op_(spec.as<Dropout>()) {
    needs_.y_over_x = {true, false};
    needs_.dx_over_dy = {true, false};
    needs_.accumulates = {true, true};
  }
  std::string name() const override { return "ref"; }

  void forward(const KernelArgs& a) override {
    Rng rng = op_.rng(*a.random);
    for (int64_t i = 0; i < spec_.y.elements(); ++i)
      set(a.y, spec_.dtype, i, get(a.x[0], spec_.dtype, i) * (spec_.train ? factor(rng) : 1.0));
  }

  void backward(const KernelArgs& a) override {
    if (!a.dx[0]) return;
    Rng rng = op_.rng(*a.random);
    for (int64_t i = 0; i < spec_.y.elements(); ++i)
      put(a.dx[0], spec_.dtype, i, get(a.dy, spec_.dtype, i) * factor(rng), a.accumulate[0]);
  }

 private:
  double factor(Rng& rng) const { return rng.next() < op_.threshold() ? 0.0 : 1.0 / (1.0 - op_.a.p); }

  const Dropout& op_;
};

const RegisterKernel registered{{"dropout", "ref", "ref", 0, accept_all, make_kernel<RefDropout>}};

}  // namespace
}  // namespace resnet::ref
