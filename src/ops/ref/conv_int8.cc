// Convolution in int8, the oracle: exact sums of (x - zero)·w, then everything else in double.
#include "ops/conv_int8.h"

#include "core/parallel.h"
#include "ops/kernel.h"
#include "ops/ref/element.h"

namespace resnet::ref {
namespace {

class RefConvInt8 final : public Kernel {
 public:
  explicit RefConvInt8(const KernelSpec& spec) : Kernel(spec), op_(spec.as<ConvInt8>()) {
    needs_.y_over_x = {false, op_.a.add && !op_.a.f32_output};
  }
  std::string name() const override { return "ref"; }

  void forward(const KernelArgs& k) override {
    const ConvInt8Params p = conv_int8_params(op_, k.w);
    const int64_t out = op_.a.out;
    parallel_for(spec_.y.elements() / out, [&](int64_t begin, int64_t end, int) {
      for (int64_t i = begin * out; i < end * out; ++i) {
        const int64_t o = i % out;
        double v = static_cast<double>(sum(k, p, i / out, o)) * p.x_scale * p.weight_scale[o] + p.bias[o];
        if (op_.a.add) v += (get(k.x[1], DType::u8, i) - static_cast<double>(op_.a.addend_zero)) * p.addend_scale;
        if (op_.a.relu && v < 0) v = 0;
        if (op_.a.f32_output)
          set(k.y, DType::f32, i, v);
        else
          set(k.y, DType::u8, i, v / p.y_scale + static_cast<double>(op_.y_zero()));
      }
    });
  }

 private:
  int64_t sum(const KernelArgs& k, const ConvInt8Params& p, int64_t pixel, int64_t o) const {
    const auto& a = op_.a;
    const Shape &x = spec_.x[0], &y = spec_.y;
    const int64_t n = pixel / (y[1] * y[2]), oy = pixel / y[2] % y[1], ox = pixel % y[2];
    const int64_t group_in = x[3] / a.groups, first = o / (a.out / a.groups) * group_in;
    int64_t sum = 0;
    for (int64_t ky = 0; ky < a.kernel; ++ky)
      for (int64_t kx = 0; kx < a.kernel; ++kx) {
        const int64_t iy = oy * a.stride + ky - a.pad, ix = ox * a.stride + kx - a.pad;
        if (iy < 0 || iy >= x[1] || ix < 0 || ix >= x[2]) continue;
        const auto* from = static_cast<const uint8_t*>(k.x[0]) + ((n * x[1] + iy) * x[2] + ix) * x[3] + first;
        const int8_t* w = p.weight + o * group_in * a.kernel * a.kernel + ky * a.kernel + kx;
        for (int64_t c = 0; c < group_in; ++c) sum += (from[c] - a.x_zero) * w[c * a.kernel * a.kernel];
      }
    return sum;
  }

  const ConvInt8& op_;
};

const RegisterKernel registered{{"conv_int8", "ref", "ref", 0, accept_all, make_kernel<RefConvInt8>}};

}  // namespace
}  // namespace resnet::ref
