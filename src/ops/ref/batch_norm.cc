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
    for (int64_t g = 0; g < groups_; ++g) {
      std::vector<Statistics> s = spec_.train ? batch_statistics(a, g) : running_statistics(a);
      normalise(a, g, s);
      if (spec_.train) std::copy(s.begin(), s.end(), static_cast<Statistics*>(a.saved) + g * channels_);
    }
  }

  void backward(const KernelArgs& a) override {
    std::vector<Sums> total(static_cast<size_t>(channels_));
    for (int64_t g = 0; g < groups_; ++g) {
      const auto* s = static_cast<const Statistics*>(a.saved) + g * channels_;
      std::vector<Sums> sums(total.size());
      for_each(g, [&](int64_t i, size_t c) {
        sums[c].dz += dz(a, i);
        sums[c].dz_xhat += dz(a, i) * xhat(a, i, s[c]);
      });
      input_gradients(a, g, s, sums);
      for (size_t c = 0; c < total.size(); ++c) {
        total[c].dz += sums[c].dz;
        total[c].dz_xhat += sums[c].dz_xhat;
      }
    }
    for (size_t c = 0; c < total.size(); ++c) {
      if (a.dw[0]) a.dw[0][c] = static_cast<float>(total[c].dz_xhat);
      if (a.dw[1]) a.dw[1][c] = static_cast<float>(total[c].dz);
    }
  }

 private:
  struct Sums {
    double dz = 0, dz_xhat = 0;
  };

  int64_t begin(int64_t g) const { return g * group_ * picture_; }
  int64_t end(int64_t g) const { return std::min((g + 1) * group_, spec_.y[0]) * picture_; }
  /// Values a channel in group g.
  double count(int64_t g) const { return static_cast<double>((end(g) - begin(g)) / channels_); }

  /// Calls visit(element, channel) for all elements of group g.
  template <class Visit> void for_each(int64_t g, const Visit& visit) const {
    for (int64_t pixel = begin(g); pixel < end(g); pixel += channels_)
      for (int64_t c = 0; c < channels_; ++c) visit(pixel + c, static_cast<size_t>(c));
  }

  double xhat(const KernelArgs& a, int64_t i, const Statistics& s) const {
    return (get(a.x[0], spec_.dtype, i) - s.mean) * s.inv_std;
  }
  /// The gradient before the ReLU.
  double dz(const KernelArgs& a, int64_t i) const {
    return at_.relu && !(get(a.y, spec_.dtype, i) > 0) ? 0 : get(a.dy, spec_.dtype, i);
  }

  std::vector<Statistics> running_statistics(const KernelArgs& a) const {
    std::vector<Statistics> s;
    for (int64_t c = 0; c < channels_; ++c) s.push_back({a.w[2][c], 1 / std::sqrt(double{a.w[3][c]} + at_.eps)});
    return s;
  }

  /// Also updates the running statistics, with the unbiased variance (of one value: the biased one).
  std::vector<Statistics> batch_statistics(const KernelArgs& a, int64_t g) const {
    std::vector<Statistics> s(static_cast<size_t>(channels_), Statistics{0, 0});
    std::vector<double> squares(s.size(), 0.0);
    const double m = count(g), momentum = at_.momentum;
    for_each(g, [&](int64_t i, size_t c) { s[c].mean += get(a.x[0], spec_.dtype, i) / m; });
    for_each(g, [&](int64_t i, size_t c) {
      const double d = get(a.x[0], spec_.dtype, i) - s[c].mean;
      squares[c] += d * d;
    });
    for (size_t c = 0; c < s.size(); ++c) {
      s[c].inv_std = 1 / std::sqrt(squares[c] / m + at_.eps);
      if (a.w[2] == nullptr) continue;
      a.w[2][c] = static_cast<float>((1 - momentum) * a.w[2][c] + momentum * s[c].mean);
      a.w[3][c] = static_cast<float>((1 - momentum) * a.w[3][c] + momentum * squares[c] / std::max(m - 1, 1.0));
    }
    return s;
  }

  void normalise(const KernelArgs& a, int64_t g, const std::vector<Statistics>& s) const {
    for_each(g, [&](int64_t i, size_t c) {
      double y = xhat(a, i, s[c]) * a.w[0][c] + a.w[1][c];
      if (at_.add) y += get(a.x[1], spec_.dtype, i);
      set(a.y, spec_.dtype, i, at_.relu && y < 0 ? 0 : y);
    });
  }

  /// dx = gamma/std · (dz - mean(dz) - xhat·mean(dz·xhat)); the addend's gradient is dz.
  void input_gradients(const KernelArgs& a, int64_t g, const Statistics* s, const std::vector<Sums>& sums) const {
    const double m = count(g);
    for_each(g, [&](int64_t i, size_t c) {
      const double d = dz(a, i);
      const double dx = a.w[0][c] * s[c].inv_std * (d - sums[c].dz / m - xhat(a, i, s[c]) * sums[c].dz_xhat / m);
      if (a.dx[0]) put(a.dx[0], spec_.dtype, i, dx, a.accumulate[0]);
      if (a.dx[1]) put(a.dx[1], spec_.dtype, i, d, a.accumulate[1]);
    });
  }

  const BatchNorm::Attributes at_;
  const int64_t channels_, picture_;
  int64_t group_, groups_;
};

const RegisterKernel registered{{"batch_norm", "ref", "ref", 0, accept_all, make_kernel<RefBatchNorm>}};

}  // namespace
}  // namespace resnet::ref
