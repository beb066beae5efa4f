// Flatten, the oracle.
#include "ops/flatten.h"

#include "ops/kernel.h"
#include "ops/ref/element.h"

namespace resnet::ref {
namespace {

class RefFlatten final : public Kernel {
 public:
  explicit RefFlatten(const KernelSpec& spec) : Kernel(spec) { needs_.accumulates = {true, true}; }
  std::string name() const override { return "ref"; }

  void forward(const KernelArgs& a) override {
    for (int64_t i = 0; i < spec_.y.elements(); ++i) set(a.y, spec_.dtype, target(i), get(a.x[0], spec_.dtype, i));
  }

  void backward(const KernelArgs& a) override {
    if (!a.dx[0]) return;
    for (int64_t i = 0; i < spec_.y.elements(); ++i)
      put(a.dx[0], spec_.dtype, i, get(a.dy, spec_.dtype, target(i)), a.accumulate[0]);
  }

 private:
  /// Where element i of x stands in y.
  int64_t target(int64_t i) const {
    const Shape& x = spec_.x[0];
    const int64_t pixels = x[1] * x[2], c = i % x[3], pixel = i / x[3] % pixels, n = i / x[3] / pixels;
    return (n * x[3] + c) * pixels + pixel;
  }
};

const RegisterKernel registered{{"flatten", "ref", "ref", 0, accept_all, make_kernel<RefFlatten>}};

}  // namespace
}  // namespace resnet::ref
