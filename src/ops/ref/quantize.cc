// f32 to u8, the oracle.
#include "ops/quantize.h"

#include "ops/kernel.h"
#include "ops/ref/element.h"

namespace resnet::ref {
namespace {

class RefQuantize final : public Kernel {
 public:
  using Kernel::Kernel;
  std::string name() const override { return "ref"; }
  void forward(const KernelArgs& k) override {
    const double scale = *k.w[0];
    for (int64_t i = 0; i < spec_.y.elements(); ++i)
      set(k.y, DType::u8, i, get(k.x[0], DType::f32, i) / scale + static_cast<double>(kSignedZero));
  }
};

const RegisterKernel registered{{"quantize", "ref", "ref", 0, accept_all, make_kernel<RefQuantize>}};

}  // namespace
}  // namespace resnet::ref
