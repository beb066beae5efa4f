// f32 to u8, and the requantised average, on the CPU.
#include "ops/quantize.h"

#include "core/parallel.h"
#include "ops/avg_pool_int8.h"
#include "ops/cpu/int8_loops.h"
#include "ops/cpu/parallel_elements.h"
#include "ops/kernel.h"

namespace resnet {

namespace {

class CpuQuantize final : public Kernel {
 public:
  explicit CpuQuantize(const KernelSpec& spec) : Kernel(spec) { needs_.reentrant = true; }
  std::string name() const override { return "own"; }
  void forward(const KernelArgs& k) override {
    const auto* x = static_cast<const float*>(k.x[0]);
    auto* y = static_cast<uint8_t*>(k.y);
    const float factor = 1 / *k.w[0];
    parallel_elements(spec_.y.elements(), [&](int64_t at, int64_t n) {
      int8_loops().quantize(x + at, y + at, n, factor, static_cast<float>(kSignedZero));
    });
  }
};

class CpuAvgPoolInt8 final : public Kernel {
 public:
  explicit CpuAvgPoolInt8(const KernelSpec& spec) : Kernel(spec) { needs_.reentrant = true; }
  std::string name() const override { return "own"; }
  void forward(const KernelArgs& k) override {
    const Shape& x = spec_.x[0];
    const int64_t pixels = x[1] * x[2], channels = x[3];
    const float factor = *k.w[0] / *k.w[1] / static_cast<float>(pixels);
    const auto zero = static_cast<int32_t>(spec_.as<AvgPoolInt8>().zero);
    parallel_for(x[0], [&](int64_t begin, int64_t end, int) {
      for (int64_t n = begin; n < end; ++n)
        int8_loops().average(static_cast<const uint8_t*>(k.x[0]) + n * pixels * channels,
                             static_cast<uint8_t*>(k.y) + n * channels, pixels, channels, factor, zero);
    });
  }
};

const RegisterKernel quantize{{"quantize", "cpu", "own", 10, accept_all, make_kernel<CpuQuantize>}};
const RegisterKernel average{{"avg_pool_int8", "cpu", "own", 10, accept_all, make_kernel<CpuAvgPoolInt8>}};

}  // namespace

}  // namespace resnet
