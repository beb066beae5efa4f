#include "ops/relu.h"

#include "ops/cpu/elementwise.h"
#include "ops/cpu/parallel_elements.h"
#include "ops/kernel.h"

namespace resnet {

namespace {

class CpuRelu final : public Kernel {
 public:
  explicit CpuRelu(const KernelSpec& spec) : Kernel(spec) {
    needs_.backward_reads_y = true;
    needs_.y_over_x[0] = true;
    needs_.dx_over_dy[0] = true;
  }

  std::string name() const override { return "own"; }

  void forward(const KernelArgs& k) override {
    parallel_elements(spec_.y.elements(), [&](int64_t at, int64_t n) {
      if (spec_.dtype == DType::f32)
        elementwise().relu_f32(static_cast<const float*>(k.x[0]) + at, static_cast<float*>(k.y) + at, n);
      else
        elementwise().relu_bf16(static_cast<const uint16_t*>(k.x[0]) + at, static_cast<uint16_t*>(k.y) + at, n);
    });
  }

  void backward(const KernelArgs& k) override {
    if (!k.dx[0]) return;
    parallel_elements(spec_.y.elements(), [&](int64_t at, int64_t n) {
      if (spec_.dtype == DType::f32)
        elementwise().relu_backward_f32(static_cast<const float*>(k.y) + at, static_cast<const float*>(k.dy) + at,
                                        static_cast<float*>(k.dx[0]) + at, n);
      else
        elementwise().relu_backward_bf16(static_cast<const uint16_t*>(k.y) + at,
                                         static_cast<const uint16_t*>(k.dy) + at, static_cast<uint16_t*>(k.dx[0]) + at,
                                         n);
    });
  }
};

const RegisterKernel registered{{"relu", "cpu", "own", 10, accept_all, make_kernel<CpuRelu>}};

}  // namespace

}  // namespace resnet
