#include "ops/cpu/pool_shape.h"
#include "ops/kernel.h"

namespace resnet {

namespace {

template <class T> class CpuAvgPool final : public Kernel {
 public:
  explicit CpuAvgPool(const KernelSpec& spec)
      : Kernel(spec), shape_(pool_shape(spec.as<AvgPool>().a, spec.x[0], spec.y)) {
    needs_.accumulates[0] = true;
  }

  std::string name() const override { return "own"; }

  void forward(const KernelArgs& k) override {
    over_pictures<T>(spec_, [&](int64_t, int64_t x, int64_t y) {
      pool_loops<T>().average(shape_, static_cast<const T*>(k.x[0]) + x, static_cast<T*>(k.y) + y);
    });
  }

  void backward(const KernelArgs& k) override {
    if (!k.dx[0]) return;
    over_pictures<T>(spec_, [&](int64_t, int64_t x, int64_t y) {
      pool_loops<T>().average_backward(shape_, static_cast<const T*>(k.dy) + y, static_cast<T*>(k.dx[0]) + x,
                                       k.accumulate[0]);
    });
  }

 private:
  const PoolShape shape_;
};

const RegisterKernel registered{{"avg_pool", "cpu", "own", 10, accept_all, make_for_dtype<CpuAvgPool>}};

}  // namespace

}  // namespace resnet
