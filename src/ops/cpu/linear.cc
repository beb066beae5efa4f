// Fully connected layer in f32 on oneDNN's sgemm; bf16 inputs are widened first. Its share of a network's time is small.
#include "ops/linear.h"

#include <algorithm>

#include "core/check.h"
#include "ops/cpu/elementwise.h"
#include "ops/cpu/onednn.h"
#include "ops/kernel.h"

namespace resnet {

namespace {

class CpuLinear final : public Kernel {
 public:
  explicit CpuLinear(const KernelSpec& spec)
      : Kernel(spec), n_(spec.y[0]), in_(spec.x[0].elements() / n_), out_(spec.y[3]), bf16_(spec.dtype == DType::bf16) {
    y_bf16_ = bf16_ && !spec.as<Linear>().a.f32_output;
    needs_.backward_reads_x = true;
    needs_.workspace_bytes = static_cast<size_t>(n_ * (2 * in_ + out_)) * sizeof(float);
  }

  std::string name() const override { return "onednn sgemm"; }

  void forward(const KernelArgs& k) override {
    const float* x = widened(k.x[0], bf16_, x_space(k), n_ * in_);
    float* y = y_bf16_ ? y_space(k) : static_cast<float*>(k.y);
    for (int64_t i = 0; i < n_; ++i) std::copy_n(k.w[1], out_, y + i * out_);
    sgemm('N', 'T', n_, out_, in_, x, in_, k.w[0], in_, 1.0f, y, out_);
    if (y_bf16_) elementwise().f32_to_bf16(y, static_cast<uint16_t*>(k.y), n_ * out_);
  }

  void backward(const KernelArgs& k) override {
    const float* x = widened(k.x[0], bf16_, x_space(k), n_ * in_);
    const float* dy = widened(k.dy, y_bf16_, y_space(k), n_ * out_);
    sgemm('T', 'N', out_, in_, n_, dy, out_, x, in_, 0.0f, k.dw[0], in_);
    std::fill_n(k.dw[1], out_, 0.0f);
    for (int64_t i = 0; i < n_; ++i)
      for (int64_t o = 0; o < out_; ++o) k.dw[1][o] += dy[i * out_ + o];
    if (!k.dx[0]) return;
    float* dx = bf16_ ? dx_space(k) : static_cast<float*>(k.dx[0]);
    sgemm('N', 'N', n_, in_, out_, dy, out_, k.w[0], in_, 0.0f, dx, in_);
    if (bf16_) elementwise().f32_to_bf16(dx, static_cast<uint16_t*>(k.dx[0]), n_ * in_);
  }

 private:
  float* x_space(const KernelArgs& k) const { return static_cast<float*>(k.workspace); }
  float* dx_space(const KernelArgs& k) const { return x_space(k) + n_ * in_; }
  float* y_space(const KernelArgs& k) const { return dx_space(k) + n_ * in_; }

  static const float* widened(const void* p, bool bf16, float* space, int64_t n) {
    if (!bf16) return static_cast<const float*>(p);
    elementwise().bf16_to_f32(static_cast<const uint16_t*>(p), space, n);
    return space;
  }

  // C = op(A)·op(B) + beta·C, row-major.
  static void sgemm(char ta, char tb, int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* b,
                    int64_t ldb, float beta, float* c, int64_t ldc) {
    onednn::engine();  // applies RESNET_ISA before oneDNN's first use
    const auto status = dnnl::sgemm(ta, tb, m, n, k, 1.0f, a, lda, b, ldb, beta, c, ldc);
    CHECK(status == dnnl::status::success, "oneDNN's sgemm of ", m, "x", n, "x", k, " failed with status ",
          static_cast<int>(status));
  }

  const int64_t n_, in_, out_;
  const bool bf16_;
  bool y_bf16_ = false;
};

const RegisterKernel registered{{"linear", "cpu", "onednn", 10, accept_all, make_kernel<CpuLinear>}};

}  // namespace

}  // namespace resnet
