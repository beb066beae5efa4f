#include "ops/pad_channels.h"

#include "ops/cpu/pool_shape.h"
#include "ops/kernel.h"

namespace resnet {

namespace {

template <class T> class CpuPadChannels final : public Kernel {
 public:
  explicit CpuPadChannels(const KernelSpec& spec) : Kernel(spec), a_(spec.as<PadChannels>().a) {
    shape_ = pool_shape({1, a_.stride, 0}, spec.x[0], spec.y);
    needs_.accumulates[0] = true;
  }

  std::string name() const override { return "own"; }

  void forward(const KernelArgs& k) override {
    over_rows(spec_, shape_.oh, [&](int64_t n, int64_t begin, int64_t end) {
      pool_loops<T>().pad_channels(shape_, {begin, end, past_caches<T>(spec_.y)},
                                   static_cast<const T*>(k.x[0]) + picture(spec_.x[0], n),
                                   static_cast<T*>(k.y) + picture(spec_.y, n), a_.out, a_.before);
    });
  }

  void backward(const KernelArgs& k) override {
    if (!k.dx[0]) return;
    over_rows(spec_, shape_.h, [&](int64_t n, int64_t begin, int64_t end) {
      pool_loops<T>().pad_channels_backward(shape_, {begin, end, past_caches<T>(spec_.x[0]), k.accumulate[0]},
                                            static_cast<const T*>(k.dy) + picture(spec_.y, n),
                                            static_cast<T*>(k.dx[0]) + picture(spec_.x[0], n), a_.out, a_.before);
    });
  }

 private:
  const PadChannels::Attributes a_;
  PoolShape shape_;
};

const RegisterKernel registered{{"pad_channels", "cpu", "own", 10, accept_all, make_for_dtype<CpuPadChannels>}};

}  // namespace

}  // namespace resnet
