// Adaptive average pooling. Where the input has the output's size already it is a copy.
#include "ops/adaptive_avg_pool.h"

#include <cstring>

#include "ops/cpu/element.h"
#include "ops/cpu/pool_shape.h"
#include "ops/kernel.h"

namespace resnet {

namespace {

template <class T> class CpuAdaptiveAvgPool final : public Kernel {
 public:
  explicit CpuAdaptiveAvgPool(const KernelSpec& spec) : Kernel(spec), same_(spec.x[0] == spec.y) {
    needs_.y_over_x[0] = needs_.dx_over_dy[0] = same_;
  }

  std::string name() const override { return same_ ? "nothing to do" : "own"; }

  void forward(const KernelArgs& k) override {
    if (same_) return copy(k.x[0], k.y);
    over_pictures<T>(spec_, [&](int64_t, int64_t x, int64_t y) {
      average(static_cast<const T*>(k.x[0]) + x, static_cast<T*>(k.y) + y);
    });
  }

  void backward(const KernelArgs& k) override {
    if (!k.dx[0]) return;
    if (same_) return copy(k.dy, k.dx[0]);
    over_pictures<T>(spec_, [&](int64_t, int64_t x, int64_t y) {
      average_backward(static_cast<const T*>(k.dy) + y, static_cast<T*>(k.dx[0]) + x);
    });
  }

 private:
  void copy(const void* from, void* to) const {
    if (from != to) std::memcpy(to, from, static_cast<size_t>(spec_.y.elements()) * sizeof(T));
  }

  void average(const T* x, T* y) const {
    const int64_t h = spec_.x[0][1], w = spec_.x[0][2], c = spec_.x[0][3], out = spec_.y[1];
    for (int64_t oh = 0; oh < out; ++oh)
      for (int64_t ow = 0; ow < out; ++ow, y += c) {
        const PoolRange rows = adaptive_range(oh, h, out), columns = adaptive_range(ow, w, out);
        const float share = 1.0f / static_cast<float>(rows.size() * columns.size());
        for (int64_t k = 0; k < c; ++k) {
          float sum = 0;
          for (int64_t i = rows.begin; i < rows.end; ++i)
            for (int64_t j = columns.begin; j < columns.end; ++j) sum += load_element(x + (i * w + j) * c + k);
          store_element(y + k, sum * share);
        }
      }
  }

  /// Every input pixel gathers from the windows that hold it: those are next to each other.
  void average_backward(const T* dy, T* dx) const {
    const int64_t h = spec_.x[0][1], w = spec_.x[0][2], c = spec_.x[0][3], out = spec_.y[1];
    for (int64_t i = 0; i < h; ++i)
      for (int64_t j = 0; j < w; ++j, dx += c)
        for (int64_t k = 0; k < c; ++k) {
          float sum = 0;
          for (int64_t oh = i * out / h; oh < out && adaptive_range(oh, h, out).begin <= i; ++oh)
            for (int64_t ow = j * out / w; ow < out && adaptive_range(ow, w, out).begin <= j; ++ow)
              sum += load_element(dy + (oh * out + ow) * c + k) /
                     static_cast<float>(adaptive_range(oh, h, out).size() * adaptive_range(ow, w, out).size());
          store_element(dx + k, sum);
        }
  }

  const bool same_;
};

const RegisterKernel registered{
    {"adaptive_avg_pool", "cpu", "own", 10, accept_all, make_for_dtype<CpuAdaptiveAvgPool>}};

}  // namespace

}  // namespace resnet
