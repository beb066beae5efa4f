#include "ops/cpu/pool_shape.h"
#include "ops/kernel.h"

namespace resnet {

namespace {

template <class T> class CpuMaxPool final : public Kernel {
 public:
  explicit CpuMaxPool(const KernelSpec& spec)
      : Kernel(spec), shape_(pool_shape(spec.as<MaxPool>().a, spec.x[0], spec.y)) {
    if (spec.train) needs_.saved_bytes = static_cast<size_t>(spec.y.elements());
    needs_.accumulates[0] = true;
  }

  std::string name() const override { return "own"; }

  void forward(const KernelArgs& k) override {
    over_rows(spec_, shape_.oh, [&](int64_t n, int64_t begin, int64_t end) {
      const int64_t y = picture(spec_.y, n);
      auto* winner = static_cast<uint8_t*>(k.saved);
      pool_loops<T>().max(shape_, {begin, end, past_caches<T>(spec_.y)},
                          static_cast<const T*>(k.x[0]) + picture(spec_.x[0], n), static_cast<T*>(k.y) + y,
                          winner ? winner + y : nullptr);
    });
  }

  void backward(const KernelArgs& k) override {
    if (!k.dx[0]) return;
    over_rows(spec_, shape_.h, [&](int64_t n, int64_t begin, int64_t end) {
      const int64_t y = picture(spec_.y, n);
      pool_loops<T>().max_backward(shape_, {begin, end, past_caches<T>(spec_.x[0]), k.accumulate[0]},
                                   static_cast<const T*>(k.dy) + y, static_cast<const uint8_t*>(k.saved) + y,
                                   static_cast<T*>(k.dx[0]) + picture(spec_.x[0], n));
    });
  }

 private:
  const PoolShape shape_;
};

std::string reject(const KernelSpec& spec) {
  const PoolShape s = pool_shape(spec.as<MaxPool>().a, spec.x[0], spec.y);
  if (spec.train && s.kh * s.kw > 256) return "a window of more than 256 pixels";
  return {};
}

const RegisterKernel registered{{"max_pool", "cpu", "own", 10, reject, make_for_dtype<CpuMaxPool>}};

}  // namespace

}  // namespace resnet
