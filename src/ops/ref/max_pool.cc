// Max pooling, the oracle. The first of equal maxima wins and gets the whole gradient, as in PyTorch; NaN wins over numbers.
// Its place in the picture (h·W + w) is saved for the backward pass.
#include <cmath>
#include <limits>

#include "ops/kernel.h"
#include "ops/pool.h"
#include "ops/ref/element.h"

namespace resnet::ref {
namespace {

class RefMaxPool final : public Kernel {
 public:
  explicit RefMaxPool(const KernelSpec& spec) : Kernel(spec) {
    if (spec.train) needs_.saved_bytes = static_cast<size_t>(spec.y.elements()) * sizeof(int32_t);
    needs_.accumulates = {true, true};
  }
  std::string name() const override { return "ref"; }

  void forward(const KernelArgs& a) override {
    const Shape& y = spec_.y;
    int64_t i = 0;
    for (int64_t n = 0; n < y[0]; ++n)
      for (int64_t oh = 0; oh < y[1]; ++oh)
        for (int64_t ow = 0; ow < y[2]; ++ow)
          for (int64_t c = 0; c < y[3]; ++c, ++i) {
            const int32_t place = place_of_maximum(a.x[0], n, oh, ow, c);
            set(a.y, spec_.dtype, i, get(a.x[0], spec_.dtype, offset(n, place, c)));
            if (spec_.train) static_cast<int32_t*>(a.saved)[i] = place;
          }
  }

  void backward(const KernelArgs& a) override {
    if (!a.dx[0]) return;
    const Shape &x = spec_.x[0], &y = spec_.y;
    const int64_t outputs = y[1] * y[2] * y[3];
    std::vector<double> dx(static_cast<size_t>(x.elements()), 0.0);
    for (int64_t i = 0; i < y.elements(); ++i)
      dx[static_cast<size_t>(offset(i / outputs, static_cast<const int32_t*>(a.saved)[i], i % y[3]))] +=
          get(a.dy, spec_.dtype, i);
    for (int64_t i = 0; i < x.elements(); ++i)
      put(a.dx[0], spec_.dtype, i, dx[static_cast<size_t>(i)], a.accumulate[0]);
  }

 private:
  int64_t offset(int64_t n, int64_t place, int64_t c) const {
    const Shape& x = spec_.x[0];
    return (n * x[1] * x[2] + place) * x[3] + c;
  }

  int32_t place_of_maximum(const void* data, int64_t n, int64_t oh, int64_t ow, int64_t c) const {
    const Shape& x = spec_.x[0];
    const PoolAttributes& p = spec_.as<MaxPool>().a;
    const int64_t rows = p.kernel ? p.kernel : x[1], columns = p.kernel ? p.kernel : x[2];
    float best = -std::numeric_limits<float>::infinity();
    int64_t place = -1;
    for (int64_t kh = 0; kh < rows; ++kh)
      for (int64_t kw = 0; kw < columns; ++kw) {
        const int64_t h = oh * p.stride + kh - p.pad, w = ow * p.stride + kw - p.pad;
        if (h < 0 || h >= x[1] || w < 0 || w >= x[2]) continue;
        const float v = get(data, spec_.dtype, offset(n, h * x[2] + w, c));
        if (place < 0 || v > best || (std::isnan(v) && !std::isnan(best))) {
          best = v;
          place = h * x[2] + w;
        }
      }
    return static_cast<int32_t>(place);
  }
};

const RegisterKernel registered{{"max_pool", "ref", "ref", 0, accept_all, make_kernel<RefMaxPool>}};

}  // namespace
}  // namespace resnet::ref
