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
    over_rows(spec_, shape_.oh, [&](int64_t n, int64_t begin, int64_t end) {
      pool_loops<T>().average(shape_, {begin, end, past_caches<T>(spec_.y)},
                              static_cast<const T*>(k.x[0]) + picture(spec_.x[0], n),
                              static_cast<T*>(k.y) + picture(spec_.y, n));
    });
  }

  void backward(const KernelArgs& k) override {
    if (!k.dx[0]) return;
    over_rows(spec_, shape_.h, [&](int64_t n, int64_t begin, int64_t end) {
      pool_loops<T>().average_backward(shape_, {begin, end, past_caches<T>(spec_.x[0]), k.accumulate[0]},
                                       static_cast<const T*>(k.dy) + picture(spec_.y, n),
                                       static_cast<T*>(k.dx[0]) + picture(spec_.x[0], n));
    });
  }

 private:
  const PoolShape shape_;
};

const RegisterKernel registered{{"avg_pool", "cpu", "own", 10, accept_all, make_for_dtype<CpuAvgPool>}};

}  // namespace

}  // namespace resnet
