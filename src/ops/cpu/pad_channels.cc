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
    over_pictures<T>(spec_, [&](int64_t, int64_t x, int64_t y) {
      pool_loops<T>().pad_channels(shape_, static_cast<const T*>(k.x[0]) + x, static_cast<T*>(k.y) + y, a_.out,
                                   a_.before);
    });
  }

  void backward(const KernelArgs& k) override {
    if (!k.dx[0]) return;
    over_pictures<T>(spec_, [&](int64_t, int64_t x, int64_t y) {
      pool_loops<T>().pad_channels_backward(shape_, static_cast<const T*>(k.dy) + y, static_cast<T*>(k.dx[0]) + x,
                                            a_.out, a_.before, k.accumulate[0]);
    });
  }

 private:
  const PadChannels::Attributes a_;
  PoolShape shape_;
};

const RegisterKernel registered{{"pad_channels", "cpu", "own", 10, accept_all, make_for_dtype<CpuPadChannels>}};

}  // namespace

}  // namespace resnet
