// Fully connected layer, the oracle: y[n][o] = bias[o] + sum over i of x[n][i]·weight[o][i].
#include "ops/linear.h"

#include "ops/kernel.h"
#include "ops/ref/element.h"

namespace resnet::ref {
namespace {

class RefLinear final : public Kernel {
 public:
  explicit RefLinear(const KernelSpec& spec)
      : Kernel(spec),
        batch_(spec.x[0][0]),
        in_(spec.x[0].elements() / batch_),
        out_(spec.as<Linear>().a.out),
        y_dtype_(spec.op->output_dtype(spec.dtype)) {
    needs_.backward_reads_x = true;
    needs_.accumulates = {true, true};
  }
  std::string name() const override { return "ref"; }

  void forward(const KernelArgs& a) override {
    const std::vector<float> x = floats(a.x[0], spec_.dtype, batch_ * in_);
    for (int64_t n = 0; n < batch_; ++n)
      for (int64_t o = 0; o < out_; ++o) {
        double sum = a.w[1][o];
        for (int64_t i = 0; i < in_; ++i) sum += double{x[static_cast<size_t>(n * in_ + i)]} * a.w[0][o * in_ + i];
        set(a.y, y_dtype_, n * out_ + o, sum);
      }
  }

  void backward(const KernelArgs& a) override {
    const std::vector<float> x = floats(a.x[0], spec_.dtype, batch_ * in_);
    const std::vector<float> dy = floats(a.dy, y_dtype_, batch_ * out_);
    if (a.dw[0]) weight_gradient(x, dy, a.dw[0]);
    if (a.dw[1])
      for (int64_t o = 0; o < out_; ++o) {
        double sum = 0;
        for (int64_t n = 0; n < batch_; ++n) sum += dy[static_cast<size_t>(n * out_ + o)];
        a.dw[1][o] = static_cast<float>(sum);
      }
    if (a.dx[0]) input_gradient(dy, a);
  }

 private:
  void weight_gradient(const std::vector<float>& x, const std::vector<float>& dy, float* dw) const {
    for (int64_t o = 0; o < out_; ++o) {
      std::vector<double> row(static_cast<size_t>(in_), 0.0);
      for (int64_t n = 0; n < batch_; ++n)
        for (int64_t i = 0; i < in_; ++i)
          row[static_cast<size_t>(i)] +=
              double{dy[static_cast<size_t>(n * out_ + o)]} * x[static_cast<size_t>(n * in_ + i)];
      for (int64_t i = 0; i < in_; ++i) dw[o * in_ + i] = static_cast<float>(row[static_cast<size_t>(i)]);
    }
  }

  void input_gradient(const std::vector<float>& dy, const KernelArgs& a) const {
    for (int64_t n = 0; n < batch_; ++n) {
      std::vector<double> row(static_cast<size_t>(in_), 0.0);
      for (int64_t o = 0; o < out_; ++o)
        for (int64_t i = 0; i < in_; ++i)
          row[static_cast<size_t>(i)] += double{dy[static_cast<size_t>(n * out_ + o)]} * a.w[0][o * in_ + i];
      for (int64_t i = 0; i < in_; ++i)
        put(a.dx[0], spec_.dtype, n * in_ + i, row[static_cast<size_t>(i)], a.accumulate[0]);
    }
  }

  const int64_t batch_, in_, out_;
  const DType y_dtype_;
};

const RegisterKernel registered{{"linear", "ref", "ref", 0, accept_all, make_kernel<RefLinear>}};

}  // namespace
}  // namespace resnet::ref
