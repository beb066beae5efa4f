// Batch norm [+ add] [+ ReLU] in two passes each way: sums, then everything elementwise at once. The ReLU is kept as one
// bit an element.
#include "ops/batch_norm.h"

#include <algorithm>
#include <cmath>

#include "core/bf16.h"
#include "core/parallel.h"
#include "ops/cpu/batch_norm_loops.h"
#include "ops/cpu/batch_norm_sums.h"
#include "ops/cpu/past_caches.h"
#include "ops/kernel.h"

namespace resnet {

namespace {

template <class T> const BatchNormLoops<T>& loops();
template <> const BatchNormLoops<float>& loops<float>() { return batch_norm_table().f32; }
template <> const BatchNormLoops<uint16_t>& loops<uint16_t>() { return batch_norm_table().bf16; }

constexpr int64_t kMean = 0, kInvStd = 1;  // rows of the saved statistics of a group

template <class T> class CpuBatchNorm final : public Kernel {
 public:
  explicit CpuBatchNorm(const KernelSpec& spec) : Kernel(spec), a_(spec.as<BatchNorm>().a), c_(spec.y[3]) {
    const int64_t n = spec.y[0];
    const int64_t group = a_.group > 0 && spec.train ? std::min(a_.group, n) : n;
    groups_ = (n + group - 1) / group;
    rows_ = spec.y.elements() / c_;
    stream_ = past_caches(spec.y.elements() * static_cast<int64_t>(sizeof(T)));
    group_rows_ = group * spec.y[1] * spec.y[2];
    // Workspace: two sums a channel and thread in double, then five vectors of coefficients.
    sums_bytes_ = sums_bytes(c_, threads());
    needs_.workspace_bytes = sums_bytes_ + static_cast<size_t>(5 * c_) * sizeof(float);
    stats_bytes_ = (static_cast<size_t>(groups_ * 2 * c_) * sizeof(float) + 63) / 64 * 64;
    if (spec.train)
      needs_.saved_bytes =
          stats_bytes_ + (a_.relu ? static_cast<size_t>(rows_ * mask_words(c_)) * sizeof(uint16_t) : 0);
    needs_.backward_reads_x = true;
    needs_.y_over_x = {true, a_.add};
    needs_.dx_over_dy = {!a_.add, a_.add};
    needs_.accumulates = {false, a_.add};
  }

  std::string name() const override { return "own"; }

  void forward(const KernelArgs& k) override {
    for (int64_t g = 0; g < groups_; ++g) {
      float *scale = coefficients(k, 0), *shift = coefficients(k, 1);
      const float *mean = k.w[2], *inv_std = coefficients(k, 2);
      if (spec_.train) {
        measure(k, g);
        mean = stats(k, g, kMean);
        inv_std = stats(k, g, kInvStd);
      } else {
        for (int64_t c = 0; c < c_; ++c) coefficients(k, 2)[c] = 1.0f / std::sqrt(k.w[3][c] + a_.eps);
      }
      normalization(c_, k.w[0], k.w[1], mean, inv_std, scale, shift);
      over_rows(g, [&](int64_t row, int64_t n, int) {
        loops<T>().normalize(x(k) + row * c_, a_.add ? static_cast<const T*>(k.x[1]) + row * c_ : nullptr,
                             static_cast<T*>(k.y) + row * c_, spec_.train ? mask(k, row) : nullptr, a_.relu,
                             stream_ && k.y != k.x[0] && k.y != k.x[1], n, c_, scale, shift);
      });
    }
  }

  void backward(const KernelArgs& k) override {
    std::fill_n(k.dw[0], c_, 0.0f);
    std::fill_n(k.dw[1], c_, 0.0f);
    for (int64_t g = 0; g < groups_; ++g) backward_group(k, g);
  }

 private:
  const T* x(const KernelArgs& k) const { return static_cast<const T*>(k.x[0]); }
  float* stats(const KernelArgs& k, int64_t group, int64_t row) const {
    return static_cast<float*>(k.saved) + (group * 2 + row) * c_;
  }
  uint16_t* mask(const KernelArgs& k, int64_t row) const {
    if (!a_.relu) return nullptr;
    return reinterpret_cast<uint16_t*>(static_cast<std::byte*>(k.saved) + stats_bytes_) + row * mask_words(c_);
  }
  double* sums(const KernelArgs& k, int thread) const {
    return static_cast<double*>(k.workspace) + thread * sums_of_thread(c_);
  }
  float* coefficients(const KernelArgs& k, int64_t i) const {
    return reinterpret_cast<float*>(static_cast<std::byte*>(k.workspace) + sums_bytes_) + i * c_;
  }
  int64_t rows_of(int64_t group) const { return std::min(group_rows_, rows_ - group * group_rows_); }

  // Threads start at multiples of four rows: where there are 16 channels or a multiple, that is a whole cache line.
  template <class Body> void over_rows(int64_t group, const Body& body) const {
    const int64_t first = group * group_rows_, rows = rows_of(group);
    parallel_for((rows + 3) / 4, [&](int64_t begin, int64_t end, int thread) {
      body(first + 4 * begin, std::min(rows, 4 * end) - 4 * begin, thread);
    });
  }

  // Adds the threads' sums up, in their order, into the first thread's.
  template <class Body> void sum_over_rows(const KernelArgs& k, int64_t group, const Body& body) const {
    clear_sums(sums(k, 0), c_, threads());
    over_rows(group, [&](int64_t row, int64_t n, int thread) { body(row, n, sums(k, thread)); });
    add_up_sums(sums(k, 0), c_, threads());
  }

  // Mean and 1/std of a group into `saved`, and the running statistics. The first row is the pivot, so that a large mean
  // costs no digits of the variance.
  void measure(const KernelArgs& k, int64_t group) {
    float* pivot = coefficients(k, 2);
    for (int64_t c = 0; c < c_; ++c) pivot[c] = element(x(k) + group * group_rows_ * c_, c);
    sum_over_rows(k, group, [&](int64_t row, int64_t n, double* s) {
      loops<T>().moments(x(k) + row * c_, n, c_, pivot, s, s + c_);
    });
    BatchMoments b;
    b.c = c_;
    b.sum = sums(k, 0);
    b.square = b.sum + c_;
    b.pivot = pivot;
    b.m = rows_of(group);
    b.eps = a_.eps;
    b.momentum = a_.momentum;
    b.mean = stats(k, group, kMean);
    b.inv_std = stats(k, group, kInvStd);
    b.running_mean = k.w[2];
    b.running_var = k.w[3];
    finish_moments(b);
  }

  static float element(const float* p, int64_t i) { return p[i]; }
  static float element(const uint16_t* p, int64_t i) { return bf16_to_f32(p[i]); }

  void backward_group(const KernelArgs& k, int64_t group) {
    const float* mean = stats(k, group, kMean);
    const T* dy = static_cast<const T*>(k.dy);
    sum_over_rows(k, group, [&](int64_t row, int64_t n, double* s) {
      loops<T>().backward_sums(x(k) + row * c_, dy + row * c_, mask(k, row), n, c_, mean, s, s + c_);
    });
    float *p = coefficients(k, 0), *q = coefficients(k, 1), *r = coefficients(k, 2);
    BatchGradient b;
    b.c = c_;
    b.sum = sums(k, 0);
    b.product = b.sum + c_;
    b.mean = mean;
    b.inv_std = stats(k, group, kInvStd);
    b.gamma = k.w[0];
    b.m = rows_of(group);
    b.p = p, b.q = q, b.r = r;
    b.dgamma = k.dw[0];
    b.dbeta = k.dw[1];
    finish_gradient(b);
    T *dx = static_cast<T*>(k.dx[0]), *d_addend = a_.add ? static_cast<T*>(k.dx[1]) : nullptr;
    over_rows(group, [&](int64_t row, int64_t n, int) {
      loops<T>().backward(x(k) + row * c_, dy + row * c_, mask(k, row), dx ? dx + row * c_ : nullptr,
                          d_addend ? d_addend + row * c_ : nullptr, k.accumulate[1], stream_, n, c_, p, q, r);
    });
  }

  const BatchNorm::Attributes a_;
  const int64_t c_;
  int64_t groups_ = 1, rows_ = 0, group_rows_ = 0;
  bool stream_ = false;  // outputs go past the caches
  size_t sums_bytes_ = 0, stats_bytes_ = 0;
};

std::unique_ptr<Kernel> make(const KernelSpec& spec) {
  if (spec.dtype == DType::f32) return std::make_unique<CpuBatchNorm<float>>(spec);
  return std::make_unique<CpuBatchNorm<uint16_t>>(spec);
}

const RegisterKernel registered{{"batch_norm", "cpu", "own", 10, accept_all, make}};

}  // namespace

}  // namespace resnet
