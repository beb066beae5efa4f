// Softmax cross-entropy with label smoothing or soft labels, the oracle. Loss: mean over the batch of -Σ t·log p.
// dx = (p·Σt - t) / N, recomputed from the logits.
#include "ops/softmax_cross_entropy.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "ops/kernel.h"
#include "ops/ref/element.h"

namespace resnet::ref {
namespace {

class RefSoftmaxCrossEntropy final : public Kernel {
 public:
  explicit RefSoftmaxCrossEntropy(const KernelSpec& spec) : Kernel(spec), batch_(spec.x[0][0]), classes_(spec.x[0][3]) {
    needs_.backward_reads_x = true;
    needs_.accumulates = {true, true};
  }
  std::string name() const override { return "ref"; }

  void forward(const KernelArgs& a) override {
    double loss = 0;
    for (int64_t n = 0; n < batch_; ++n) {
      CHECK(soft() || (a.labels[n] >= 0 && a.labels[n] < classes_), "softmax_cross_entropy: label ", a.labels[n],
            " of picture ", n, " is not one of the ", classes_, " classes (0 to ", classes_ - 1, ")");
      const std::vector<double> log_p = log_softmax(a, n);
      for (int64_t k = 0; k < classes_; ++k) loss -= target(a, n, k) * log_p[static_cast<size_t>(k)];
    }
    *static_cast<float*>(a.y) = static_cast<float>(loss / static_cast<double>(batch_));
  }

  void backward(const KernelArgs& a) override {
    if (!a.dx[0]) return;
    for (int64_t n = 0; n < batch_; ++n) {
      const std::vector<double> log_p = log_softmax(a, n);
      double total = 0;
      for (int64_t k = 0; k < classes_; ++k) total += target(a, n, k);
      for (int64_t k = 0; k < classes_; ++k) {
        const double d = total * std::exp(log_p[static_cast<size_t>(k)]) - target(a, n, k);
        put(a.dx[0], DType::f32, n * classes_ + k, d / static_cast<double>(batch_), a.accumulate[0]);
      }
    }
  }

 private:
  bool soft() const { return spec_.as<SoftmaxCrossEntropy>().soft; }

  double target(const KernelArgs& a, int64_t n, int64_t k) const {
    if (soft()) return a.targets[n * classes_ + k];
    const double smoothing = spec_.as<SoftmaxCrossEntropy>().smoothing;
    return (a.labels[n] == k ? 1 - smoothing : 0) + smoothing / static_cast<double>(classes_);
  }

  std::vector<double> log_softmax(const KernelArgs& a, int64_t n) const {
    const float* x = static_cast<const float*>(a.x[0]) + n * classes_;
    const double top = *std::max_element(x, x + classes_);
    double sum = 0;
    for (int64_t k = 0; k < classes_; ++k) sum += std::exp(x[k] - top);
    std::vector<double> log_p(static_cast<size_t>(classes_));
    for (int64_t k = 0; k < classes_; ++k) log_p[static_cast<size_t>(k)] = x[k] - top - std::log(sum);
    return log_p;
  }

  const int64_t batch_, classes_;
};

const RegisterKernel registered{
    {"softmax_cross_entropy", "ref", "ref", 0, accept_all, make_kernel<RefSoftmaxCrossEntropy>}};

}  // namespace
}  // namespace resnet::ref
