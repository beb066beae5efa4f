#include "ops/softmax_cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ops/kernel.h"

namespace resnet {

namespace {

class CpuSoftmaxCrossEntropy final : public Kernel {
 public:
  explicit CpuSoftmaxCrossEntropy(const KernelSpec& spec)
      : Kernel(spec),
        n_(spec.x[0][0]),
        classes_(spec.x[0].elements() / n_),
        smoothing_(spec.as<SoftmaxCrossEntropy>().smoothing),
        soft_(spec.as<SoftmaxCrossEntropy>().soft) {
    needs_.saved_bytes = static_cast<size_t>(n_ * classes_) * sizeof(float);
  }

  std::string name() const override { return "own"; }

  // Saves dx, so that backward is a copy: (Σt·softmax - t) / N.
  void forward(const KernelArgs& k) override {
    double loss = 0;
    for (int64_t i = 0; i < n_; ++i) {
      const float* x = static_cast<const float*>(k.x[0]) + i * classes_;
      float* gradient = static_cast<float*>(k.saved) + i * classes_;
      const float top = *std::max_element(x, x + classes_);
      double sum = 0;
      for (int64_t c = 0; c < classes_; ++c) sum += gradient[c] = std::exp(x[c] - top);
      const float log_sum = top + static_cast<float>(std::log(sum));
      const float* soft = soft_ ? k.targets + i * classes_ : nullptr;
      const float total = soft ? std::accumulate(soft, soft + classes_, 0.0f) : 1.0f;
      const float elsewhere = smoothing_ / static_cast<float>(classes_);
      for (int64_t c = 0; c < classes_; ++c) {
        const float t = soft ? soft[c] : elsewhere + (c == k.labels[i] ? 1.0f - smoothing_ : 0.0f);
        if (t != 0.0f) loss += static_cast<double>(t * (log_sum - x[c]));
        gradient[c] = (total * gradient[c] / static_cast<float>(sum) - t) / static_cast<float>(n_);
      }
    }
    *static_cast<float*>(k.y) = static_cast<float>(loss / static_cast<double>(n_));
  }

  void backward(const KernelArgs& k) override {
    if (k.dx[0]) std::copy_n(static_cast<const float*>(k.saved), n_ * classes_, static_cast<float*>(k.dx[0]));
  }

 private:
  const int64_t n_, classes_;
  const float smoothing_;
  const bool soft_;
};

const RegisterKernel registered{
    {"softmax_cross_entropy", "cpu", "own", 10, accept_all, make_kernel<CpuSoftmaxCrossEntropy>}};

}  // namespace

}  // namespace resnet
