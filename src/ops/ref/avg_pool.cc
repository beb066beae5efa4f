// Average pooling, the oracle. The divisor is the window's size, padding included; kernel 0 is the whole picture.
#include "ops/kernel.h"
#include "ops/pool.h"
#include "ops/ref/element.h"

namespace resnet::ref {
namespace {

class RefAvgPool final : public Kernel {
 public:
  explicit RefAvgPool(const KernelSpec& spec) : Kernel(spec) { needs_.accumulates = {true, true}; }
  std::string name() const override { return "ref"; }

  void forward(const KernelArgs& a) override {
    std::vector<double> y(static_cast<size_t>(spec_.y.elements()), 0.0);
    for_each_pair([&](int64_t ix, int64_t iy) { y[static_cast<size_t>(iy)] += get(a.x[0], spec_.dtype, ix); });
    for (int64_t i = 0; i < spec_.y.elements(); ++i) set(a.y, spec_.dtype, i, y[static_cast<size_t>(i)] / window());
  }

  void backward(const KernelArgs& a) override {
    if (!a.dx[0]) return;
    std::vector<double> dx(static_cast<size_t>(spec_.x[0].elements()), 0.0);
    for_each_pair([&](int64_t ix, int64_t iy) { dx[static_cast<size_t>(ix)] += get(a.dy, spec_.dtype, iy); });
    for (int64_t i = 0; i < spec_.x[0].elements(); ++i)
      put(a.dx[0], spec_.dtype, i, dx[static_cast<size_t>(i)] / window(), a.accumulate[0]);
  }

 private:
  int64_t rows() const { return attributes().kernel ? attributes().kernel : spec_.x[0][1]; }
  int64_t columns() const { return attributes().kernel ? attributes().kernel : spec_.x[0][2]; }
  double window() const { return static_cast<double>(rows() * columns()); }
  const PoolAttributes& attributes() const { return spec_.as<AvgPool>().a; }

  /// Calls visit(index in x, index in y) for every element of x and every window that holds it.
  template <class Visit> void for_each_pair(const Visit& visit) const {
    const Shape &x = spec_.x[0], &y = spec_.y;
    const PoolAttributes& p = attributes();
    for (int64_t n = 0; n < y[0]; ++n)
      for (int64_t oh = 0; oh < y[1]; ++oh)
        for (int64_t ow = 0; ow < y[2]; ++ow)
          for (int64_t kh = 0; kh < rows(); ++kh)
            for (int64_t kw = 0; kw < columns(); ++kw) {
              const int64_t h = oh * p.stride + kh - p.pad, w = ow * p.stride + kw - p.pad;
              if (h < 0 || h >= x[1] || w < 0 || w >= x[2]) continue;
              for (int64_t c = 0; c < x[3]; ++c)
                visit(((n * x[1] + h) * x[2] + w) * x[3] + c, ((n * y[1] + oh) * y[2] + ow) * y[3] + c);
            }
  }
};

const RegisterKernel registered{{"avg_pool", "ref", "ref", 0, accept_all, make_kernel<RefAvgPool>}};

}  // namespace
}  // namespace resnet::ref
