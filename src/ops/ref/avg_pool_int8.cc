// Requantised average of a u8 picture, the oracle.
#include "ops/avg_pool_int8.h"

#include "ops/kernel.h"
#include "ops/ref/element.h"

namespace resnet::ref {
namespace {

class RefAvgPoolInt8 final : public Kernel {
 public:
  using Kernel::Kernel;
  std::string name() const override { return "ref"; }
  void forward(const KernelArgs& k) override {
    const Shape& x = spec_.x[0];
    const double ratio = static_cast<double>(*k.w[0]) / *k.w[1];
    const auto zero = static_cast<double>(spec_.as<AvgPoolInt8>().zero);
    const int64_t pixels = x[1] * x[2];
    for (int64_t n = 0; n < x[0]; ++n)
      for (int64_t c = 0; c < x[3]; ++c) {
        double sum = 0;
        for (int64_t p = 0; p < pixels; ++p) sum += get(k.x[0], DType::u8, (n * pixels + p) * x[3] + c) - zero;
        set(k.y, DType::u8, n * x[3] + c, sum / static_cast<double>(pixels) * ratio + zero);
      }
  }
};

const RegisterKernel registered{{"avg_pool_int8", "ref", "ref", 0, accept_all, make_kernel<RefAvgPoolInt8>}};

}  // namespace
}  // namespace resnet::ref
