// Local response normalisation, pixel by pixel: running sums along the channels, in f32 in a thread's own piece of the
// workspace.
#include "ops/lrn.h"

#include <cmath>

#include "core/parallel.h"
#include "ops/cpu/element.h"
#include "ops/cpu/pool_shape.h"
#include "ops/kernel.h"

namespace resnet {

namespace {

template <class T> class CpuLrn final : public Kernel {
 public:
  explicit CpuLrn(const KernelSpec& spec) : Kernel(spec), c_(spec.y[3]), a_(spec.as<Lrn>().a) {
    needs_.backward_reads_x = true;
    needs_.accumulates[0] = true;
    needs_.workspace_bytes = static_cast<size_t>(threads() * row()) * sizeof(float);
  }

  std::string name() const override { return "own"; }

  void forward(const KernelArgs& k) override {
    over_pixels(k, [&](int64_t at, float* space) {
      const T* x = static_cast<const T*>(k.x[0]) + at;
      T* y = static_cast<T*>(k.y) + at;
      float* values = space;
      float* squares = values + c_;
      scales(x, values, squares);
      for (int64_t c = 0; c < c_; ++c) store_element(y + c, values[c] * std::pow(squares[c], -a_.beta));
    });
  }

  void backward(const KernelArgs& k) override {
    if (!k.dx[0]) return;
    over_pixels(k, [&](int64_t at, float* space) {
      const T* dy = static_cast<const T*>(k.dy) + at;
      T* dx = static_cast<T*>(k.dx[0]) + at;
      float *values = space, *scale = values + c_, *ratio = scale + c_;
      scales(static_cast<const T*>(k.x[0]) + at, values, scale);
      for (int64_t c = 0; c < c_; ++c) {
        const float share = load_element(dy + c) * std::pow(scale[c], -a_.beta);
        ratio[c] = share * values[c] / scale[c];
        scale[c] = share;
      }
      for (int64_t c = 0; c < c_; ++c) {
        const float d = scale[c] - 2 * a_.alpha * a_.beta * values[c] * window_sum(ratio, c);
        store_element(dx + c, k.accumulate[0] ? load_element(dx + c) + d : d);
      }
    });
  }

 private:
  int64_t row() const { return (4 * c_ + 15) / 16 * 16 + kThreadGap / 4; }

  /// Calls body(offset of the pixel, scratch of this thread) for every pixel of the batch.
  template <class Body> void over_pixels(const KernelArgs& k, const Body& body) const {
    parallel_for(spec_.y.elements() / c_, [&](int64_t begin, int64_t end, int thread) {
      for (int64_t p = begin; p < end; ++p) body(p * c_, static_cast<float*>(k.workspace) + thread * row());
    });
  }

  float window_sum(const float* v, int64_t c) const {
    const int64_t half = a_.size / 2, first = c < half ? 0 : c - half, last = c + half < c_ ? c + half : c_ - 1;
    float sum = 0;
    for (int64_t j = first; j <= last; ++j) sum += v[j];
    return sum;
  }

  /// values = x as float; scale = k + alpha·(sum of squares around each channel). Uses the fourth row as scratch.
  void scales(const T* x, float* values, float* scale) const {
    float* squares = values + 3 * c_;
    for (int64_t c = 0; c < c_; ++c) {
      values[c] = load_element(x + c);
      squares[c] = values[c] * values[c];
    }
    for (int64_t c = 0; c < c_; ++c) scale[c] = a_.k + a_.alpha * window_sum(squares, c);
  }

  const int64_t c_;
  const Lrn::Attributes a_;
};

const RegisterKernel registered{{"lrn", "cpu", "own", 10, accept_all, make_for_dtype<CpuLrn>}};

}  // namespace

}  // namespace resnet
