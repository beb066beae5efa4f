#include "ops/add.h"

#include <cstring>

#include "ops/cpu/elementwise.h"
#include "ops/cpu/parallel_elements.h"
#include "ops/kernel.h"

namespace resnet {

namespace {

class CpuAdd final : public Kernel {
 public:
  explicit CpuAdd(const KernelSpec& spec) : Kernel(spec) {
    needs_.y_over_x = {true, true};
    needs_.dx_over_dy = {true, true};
    needs_.accumulates = {true, true};
  }

  std::string name() const override { return "own"; }

  void forward(const KernelArgs& k) override { add(k.x[0], k.x[1], k.y); }

  // Both gradients are dy itself: only what does not share its buffer is written.
  void backward(const KernelArgs& k) override {
    for (size_t i = 0; i < 2; ++i) {
      if (!k.dx[i] || k.dx[i] == k.dy) continue;
      if (k.accumulate[i])
        add(k.dx[i], k.dy, k.dx[i]);
      else
        std::memcpy(k.dx[i], k.dy, static_cast<size_t>(spec_.y.elements()) * size_of(spec_.dtype));
    }
  }

 private:
  void add(const void* a, const void* b, void* y) const {
    parallel_elements(spec_.y.elements(), [&](int64_t at, int64_t n) {
      if (spec_.dtype == DType::f32)
        elementwise().add_f32(static_cast<const float*>(a) + at, static_cast<const float*>(b) + at,
                              static_cast<float*>(y) + at, n);
      else
        elementwise().add_bf16(static_cast<const uint16_t*>(a) + at, static_cast<const uint16_t*>(b) + at,
                               static_cast<uint16_t*>(y) + at, n);
    });
  }
};

const RegisterKernel registered{{"add", "cpu", "own", 10, accept_all, make_kernel<CpuAdd>}};

}  // namespace

}  // namespace resnet
