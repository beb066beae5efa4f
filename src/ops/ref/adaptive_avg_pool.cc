// Adaptive average pooling, the oracle.
#include "ops/adaptive_avg_pool.h"

#include "ops/kernel.h"
#include "ops/ref/element.h"

namespace resnet::ref {
namespace {

class RefAdaptiveAvgPool final : public Kernel {
 public:
  explicit RefAdaptiveAvgPool(const KernelSpec& spec) : Kernel(spec) { needs_.accumulates = {true, true}; }
  std::string name() const override { return "ref"; }

  void forward(const KernelArgs& a) override {
    std::vector<double> y(static_cast<size_t>(spec_.y.elements()), 0.0);
    for_each_pair([&](int64_t ix, int64_t iy, double share) {
      y[static_cast<size_t>(iy)] += share * get(a.x[0], spec_.dtype, ix);
    });
    for (int64_t i = 0; i < spec_.y.elements(); ++i) set(a.y, spec_.dtype, i, y[static_cast<size_t>(i)]);
  }

  void backward(const KernelArgs& a) override {
    if (!a.dx[0]) return;
    std::vector<double> dx(static_cast<size_t>(spec_.x[0].elements()), 0.0);
    for_each_pair([&](int64_t ix, int64_t iy, double share) {
      dx[static_cast<size_t>(ix)] += share * get(a.dy, spec_.dtype, iy);
    });
    for (int64_t i = 0; i < spec_.x[0].elements(); ++i)
      put(a.dx[0], spec_.dtype, i, dx[static_cast<size_t>(i)], a.accumulate[0]);
  }

 private:
  /// Calls visit(index in x, index in y, 1 / pixels of the window) for every element of x and every window that holds it.
  template <class Visit> void for_each_pair(const Visit& visit) const {
    const Shape &x = spec_.x[0], &y = spec_.y;
    for (int64_t n = 0; n < y[0]; ++n)
      for (int64_t oh = 0; oh < y[1]; ++oh)
        for (int64_t ow = 0; ow < y[2]; ++ow) {
          const PoolRange rows = adaptive_range(oh, x[1], y[1]), columns = adaptive_range(ow, x[2], y[2]);
          const double share = 1.0 / static_cast<double>(rows.size() * columns.size());
          for (int64_t h = rows.begin; h < rows.end; ++h)
            for (int64_t w = columns.begin; w < columns.end; ++w)
              for (int64_t c = 0; c < x[3]; ++c)
                visit(((n * x[1] + h) * x[2] + w) * x[3] + c, ((n * y[1] + oh) * y[2] + ow) * y[3] + c, share);
        }
  }
};

const RegisterKernel registered{{"adaptive_avg_pool", "ref", "ref", 0, accept_all, make_kernel<RefAdaptiveAvgPool>}};

}  // namespace
}  // namespace resnet::ref
