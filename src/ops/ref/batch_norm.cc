// Batch normalisation, the oracle, with the fused addition and ReLU, over the whole batch or groups of it (the last group
// may be smaller). Saved: mean and 1/sqrt(var+eps) as double, [groups][C][2].
#include "ops/batch_norm.h"

#include <algorithm>
#include <cmath>

#include "ops/kernel.h"
#include "ops/ref/element.h"

namespace resnet::ref {
namespace {

struct Statistics {
  double mean, inv_std;
};

class RefBatchNorm final : public Kernel {
 public:
  explicit RefBatchNorm(const KernelSpec& spec)
      : Kernel(spec), at_(spec.as<BatchNorm>().a), channels_(spec.y[3]), picture_(spec.y.elements() / spec.y[0]) {
    group_ = at_.group > 0 && spec.train ? std::min(at_.group, spec.y[0]) : spec.y[0];
    groups_ = (spec.y[0] + group_ - 1) / group_;
    if (spec.train) needs_.saved_bytes = static_cast<size_t>(groups_ * channels_) * sizeof(Statistics);
    needs_.backward_reads_x = true;
    needs_.backward_reads_y = at_.relu;
    needs_.y_over_x = {!spec.train, at_.add};
    needs_.dx_over_dy = {true, at_.add};
    needs_.accumulates = {true, true};
  }
  std::string name() const override { return "ref"; }

  void forward(const KernelArgs& a) override {
    for (int64_t g = 0; g < groups_; ++g)
      for (int64_t c = 0; c < channels_; ++c) {
        Statistics s{a.w[2][c], 1 / std::sqrt(double{a.w[3][c]} + at_.eps)};
        if (spec_.train) {
          s = batch_statistics(a, g, c);
          static_cast<Statistics*>(a.saved)[g * channels_ + c] = s;
        }
        normalise(a, g, c, s);
      }
  }

  void backward(const KernelArgs& a) override {
    for (int64_t c = 0; c < channels_; ++c) {
      double dgamma = 0, dbeta = 0;
      for (int64_t g = 0; g < groups_; ++g) {
        const Statistics s = static_cast<const Statistics*>(a.saved)[g * channels_ + c];
        double sum_dz = 0, sum_dz_xhat = 0;
        for (int64_t i = begin(g) + c; i < end(g); i += channels_) {
          sum_dz += dz(a, i);
          sum_dz_xhat += dz(a, i) * xhat(a, i, s);
        }
        dbeta += sum_dz;
        dgamma += sum_dz_xhat;
        input_gradients(a, g, c, sum_dz, sum_dz_xhat);
      }
      if (a.dw[0]) a.dw[0][c] = static_cast<float>(dgamma);
      if (a.dw[1]) a.dw[1][c] = static_cast<float>(dbeta);
    }
  }

 private:
  // The elements of group g; those of one channel lie channels_ apart.
  int64_t begin(int64_t g) const { return g * group_ * picture_; }
  int64_t end(int64_t g) const { return std::min((g + 1) * group_, spec_.y[0]) * picture_; }
  double count(int64_t g) const { return static_cast<double>((end(g) - begin(g)) / channels_); }

  double xhat(const KernelArgs& a, int64_t i, const Statistics& s) const {
    return (get(a.x[0], spec_.dtype, i) - s.mean) * s.inv_std;
  }
  /// The gradient before the ReLU.
  double dz(const KernelArgs& a, int64_t i) const {
    return at_.relu && !(get(a.y, spec_.dtype, i) > 0) ? 0 : get(a.dy, spec_.dtype, i);
  }

  /// Also updates the running statistics, with the unbiased variance (of one value: the biased one).
  Statistics batch_statistics(const KernelArgs& a, int64_t g, int64_t c) const {
    double sum = 0, squares = 0;
    for (int64_t i = begin(g) + c; i < end(g); i += channels_) sum += get(a.x[0], spec_.dtype, i);
    const double m = count(g), mean = sum / m;
    for (int64_t i = begin(g) + c; i < end(g); i += channels_) {
      const double d = get(a.x[0], spec_.dtype, i) - mean;
      squares += d * d;
    }
    const double momentum = at_.momentum, unbiased = squares / std::max(m - 1, 1.0);
    a.w[2][c] = static_cast<float>((1 - momentum) * a.w[2][c] + momentum * mean);
    a.w[3][c] = static_cast<float>((1 - momentum) * a.w[3][c] + momentum * unbiased);
    return {mean, 1 / std::sqrt(squares / m + at_.eps)};
  }

  void normalise(const KernelArgs& a, int64_t g, int64_t c, const Statistics& s) const {
    for (int64_t i = begin(g) + c; i < end(g); i += channels_) {
      double y = xhat(a, i, s) * a.w[0][c] + a.w[1][c];
      if (at_.add) y += get(a.x[1], spec_.dtype, i);
      set(a.y, spec_.dtype, i, at_.relu && y < 0 ? 0 : y);
    }
  }

  /// dx = gamma/std · (dz - mean(dz) - xhat·mean(dz·xhat)); the addend's gradient is dz.
  void input_gradients(const KernelArgs& a, int64_t g, int64_t c, double sum_dz, double sum_dz_xhat) const {
    const Statistics s = static_cast<const Statistics*>(a.saved)[g * channels_ + c];
    const double m = count(g);
    for (int64_t i = begin(g) + c; i < end(g); i += channels_) {
      const double d = dz(a, i);
      const double dx = a.w[0][c] * s.inv_std * (d - sum_dz / m - xhat(a, i, s) * sum_dz_xhat / m);
      if (a.dx[0]) put(a.dx[0], spec_.dtype, i, dx, a.accumulate[0]);
      if (a.dx[1]) put(a.dx[1], spec_.dtype, i, d, a.accumulate[1]);
    }
  }

  const BatchNorm::Attributes at_;
  const int64_t channels_, picture_;
  int64_t group_, groups_;
};

const RegisterKernel registered{{"batch_norm", "ref", "ref", 0, accept_all, make_kernel<RefBatchNorm>}};

}  // namespace
}  // namespace resnet::ref
