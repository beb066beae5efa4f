// Local response normalisation, the oracle. With s_c = k + alpha·Σ x_j² around c:
// dx_c = dy_c·s_c^-beta - 2·alpha·beta·x_c·Σ dy_j·x_j·s_j^(-beta-1), j over the channels whose window holds c.
#include "ops/lrn.h"

#include <algorithm>
#include <cmath>

#include "ops/kernel.h"
#include "ops/ref/element.h"

namespace resnet::ref {
namespace {

class RefLrn final : public Kernel {
 public:
  explicit RefLrn(const KernelSpec& spec) : Kernel(spec), c_(spec.y[3]), at_(spec.as<Lrn>().a) {
    needs_.backward_reads_x = true;
    needs_.accumulates = {true, true};
  }
  std::string name() const override { return "ref"; }

  void forward(const KernelArgs& a) override {
    for (int64_t i = 0; i < spec_.y.elements(); ++i)
      set(a.y, spec_.dtype, i, get(a.x[0], spec_.dtype, i) * std::pow(scale(a.x[0], i), -at_.beta));
  }

  void backward(const KernelArgs& a) override {
    if (!a.dx[0]) return;
    for (int64_t i = 0; i < spec_.y.elements(); ++i) {
      double sum = 0;
      over_window(i, [&](int64_t j) {
        sum += double{get(a.dy, spec_.dtype, j)} * get(a.x[0], spec_.dtype, j) *
               std::pow(scale(a.x[0], j), -at_.beta - 1.0);
      });
      const double direct = get(a.dy, spec_.dtype, i) * std::pow(scale(a.x[0], i), -at_.beta);
      put(a.dx[0], spec_.dtype, i, direct - 2.0 * at_.alpha * at_.beta * get(a.x[0], spec_.dtype, i) * sum,
          a.accumulate[0]);
    }
  }

 private:
  template <class Visit> void over_window(int64_t i, const Visit& visit) const {
    const int64_t c = i % c_, half = at_.size / 2;
    for (int64_t j = std::max<int64_t>(c - half, 0); j <= std::min(c + half, c_ - 1); ++j) visit(i - c + j);
  }

  double scale(const void* x, int64_t i) const {
    double squares = 0;
    over_window(i, [&](int64_t j) {
      const double v = get(x, spec_.dtype, j);
      squares += v * v;
    });
    return at_.k + at_.alpha * squares;
  }

  const int64_t c_;
  const Lrn::Attributes at_;
};

const RegisterKernel registered{{"lrn", "ref", "ref", 0, accept_all, make_kernel<RefLrn>}};

}  // namespace
}  // namespace resnet::ref
