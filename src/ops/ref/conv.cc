// Convolution, the oracle: seven nested loops a direction, in double. The innermost one runs along the channels so that
// the compiler may vectorise it; the outermost one is shared among the threads.
#include "ops/conv.h"

#include <algorithm>
#include <cmath>

#include "core/parallel.h"
#include "ops/kernel.h"
#include "ops/ref/element.h"

namespace resnet::ref {
namespace {

class RefConv final : public Kernel {
 public:
  explicit RefConv(const KernelSpec& spec)
      : Kernel(spec),
        at_(spec.as<Conv>().a),
        in_(spec.x[0][3]),
        group_in_(in_ / at_.groups),
        group_out_(at_.out / at_.groups),
        taps_(at_.kernel * at_.kernel) {
    needs_.backward_reads_x = true;
    needs_.y_over_x = {false, at_.add};
    needs_.accumulates = {true, true};
  }
  std::string name() const override { return "ref"; }

  void forward(const KernelArgs& a) override {
    const std::vector<float> x = floats(a.x[0], spec_.dtype, spec_.x[0].elements());
    const std::vector<float> w = reordered(a.w[0], true);
    const int64_t pixels = spec_.y[1] * spec_.y[2];
    parallel_for(spec_.y[0] * pixels, [&](int64_t begin, int64_t end, int) {
      std::vector<double> sum(static_cast<size_t>(at_.out));
      for (int64_t p = begin; p < end; ++p) {
        std::fill(sum.begin(), sum.end(), 0.0);
        for (int64_t tap = 0; tap < taps_; ++tap) {
          const int64_t from = input_pixel(p, tap);
          if (from < 0) continue;
          for (int64_t ci = 0; ci < group_in_; ++ci)
            for (int64_t g = 0; g < at_.groups; ++g) {
              const double v = x[static_cast<size_t>(from * in_ + g * group_in_ + ci)];
              const float* row = w.data() + (tap * group_in_ + ci) * at_.out;
              for (int64_t o = g * group_out_; o < (g + 1) * group_out_; ++o) sum[static_cast<size_t>(o)] += v * row[o];
            }
        }
        for (int64_t o = 0; o < at_.out; ++o) finish(a, p * at_.out + o, o, sum[static_cast<size_t>(o)]);
      }
    });
  }

  void backward(const KernelArgs& a) override {
    const std::vector<float> dy = floats(a.dy, spec_.dtype, spec_.y.elements());
    if (a.dw[0]) weight_gradient(floats(a.x[0], spec_.dtype, spec_.x[0].elements()), dy, a.dw[0]);
    if (at_.bias && a.dw[1]) {
      std::vector<double> sum(static_cast<size_t>(at_.out), 0.0);
      for (int64_t i = 0; i < spec_.y.elements(); ++i)
        sum[static_cast<size_t>(i % at_.out)] += dy[static_cast<size_t>(i)];
      for (int64_t o = 0; o < at_.out; ++o) a.dw[1][o] = static_cast<float>(sum[static_cast<size_t>(o)]);
    }
    if (a.dx[0]) input_gradient(dy, a);
  }

 private:
  /// The pixel of x, counted over the batch, that output pixel p sees through a tap; -1 in the padding.
  int64_t input_pixel(int64_t p, int64_t tap) const {
    const Shape &x = spec_.x[0], &y = spec_.y;
    const int64_t n = p / (y[1] * y[2]), oh = p / y[2] % y[1], ow = p % y[2];
    const int64_t h = oh * at_.stride + tap / at_.kernel - at_.pad, w = ow * at_.stride + tap % at_.kernel - at_.pad;
    return h < 0 || h >= x[1] || w < 0 || w >= x[2] ? -1 : (n * x[1] + h) * x[2] + w;
  }

  /// The weights [out][group_in][tap] as [tap][group_in][out], or as [tap][out][group_in].
  std::vector<float> reordered(const float* w, bool out_last) const {
    std::vector<float> r(static_cast<size_t>(at_.out * group_in_ * taps_));
    for (int64_t o = 0; o < at_.out; ++o)
      for (int64_t ci = 0; ci < group_in_; ++ci)
        for (int64_t tap = 0; tap < taps_; ++tap) {
          const int64_t to = out_last ? (tap * group_in_ + ci) * at_.out + o : (tap * at_.out + o) * group_in_ + ci;
          r[static_cast<size_t>(to)] = w[(o * group_in_ + ci) * taps_ + tap];
        }
    return r;
  }

  /// Bias, batch norm, addition and ReLU of output element i in channel o.
  void finish(const KernelArgs& a, int64_t i, int64_t o, double v) const {
    size_t next = 1;
    if (at_.bias) v += a.w[next++][o];
    if (at_.folded_bn) {
      const double gamma = a.w[next][o], beta = a.w[next + 1][o], mean = a.w[next + 2][o], var = a.w[next + 3][o];
      v = (v - mean) / std::sqrt(var + at_.bn_eps) * gamma + beta;
    }
    if (at_.add) v += get(a.x[1], spec_.dtype, i);
    set(a.y, spec_.dtype, i, at_.relu && v < 0 ? 0 : v);
  }

  void weight_gradient(const std::vector<float>& x, const std::vector<float>& dy, float* dw) const {
    const int64_t pixels = spec_.y.elements() / at_.out;
    parallel_for(taps_ * group_in_, [&](int64_t begin, int64_t end, int) {
      std::vector<double> row(static_cast<size_t>(at_.out));
      for (int64_t r = begin; r < end; ++r) {
        const int64_t tap = r / group_in_, ci = r % group_in_;
        std::fill(row.begin(), row.end(), 0.0);
        for (int64_t p = 0; p < pixels; ++p) {
          const int64_t from = input_pixel(p, tap);
          if (from < 0) continue;
          for (int64_t g = 0; g < at_.groups; ++g) {
            const double v = x[static_cast<size_t>(from * in_ + g * group_in_ + ci)];
            for (int64_t o = g * group_out_; o < (g + 1) * group_out_; ++o)
              row[static_cast<size_t>(o)] += v * dy[static_cast<size_t>(p * at_.out + o)];
          }
        }
        for (int64_t o = 0; o < at_.out; ++o)
          dw[(o * group_in_ + ci) * taps_ + tap] = static_cast<float>(row[static_cast<size_t>(o)]);
      }
    });
  }

  void input_gradient(const std::vector<float>& dy, const KernelArgs& a) const {
    const std::vector<float> w = reordered(a.w[0], false);
    const int64_t pixels = spec_.y[1] * spec_.y[2], picture = spec_.x[0].elements() / spec_.x[0][0];
    parallel_for(spec_.y[0], [&](int64_t begin, int64_t end, int) {
      for (int64_t n = begin; n < end; ++n) {
        std::vector<double> dx(static_cast<size_t>(picture), 0.0);
        for (int64_t p = n * pixels; p < (n + 1) * pixels; ++p)
          for (int64_t tap = 0; tap < taps_; ++tap) {
            const int64_t from = input_pixel(p, tap);
            if (from < 0) continue;
            for (int64_t o = 0; o < at_.out; ++o) {
              const double v = dy[static_cast<size_t>(p * at_.out + o)];
              const float* row = w.data() + (tap * at_.out + o) * group_in_;
              double* to = dx.data() + from * in_ - n * picture + o / group_out_ * group_in_;
              for (int64_t ci = 0; ci < group_in_; ++ci) to[ci] += v * row[ci];
            }
          }
        for (int64_t i = 0; i < picture; ++i)
          put(a.dx[0], spec_.dtype, n * picture + i, dx[static_cast<size_t>(i)], a.accumulate[0]);
      }
    });
  }

  const Conv::Attributes at_;
  const int64_t in_, group_in_, group_out_, taps_;
};

std::string reject(const KernelSpec& spec) {
  return spec.train && spec.as<Conv>().a.folded_bn ? "no batch norm in training" : "";
}

const RegisterKernel registered{{"conv", "ref", "ref", 0, reject, make_kernel<RefConv>}};

}  // namespace
}  // namespace resnet::ref
