// Fully connected layer in f32 on oneDNN's sgemm; bf16 inputs are widened first. Inference in bf16 reads half as many bytes of
// weights: few pictures at a time cost what the weights cost.
#include "ops/linear.h"

#include <algorithm>

#include "core/check.h"
#include "core/cpu.h"
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

// Inference in bf16, whose sums are f32.
class CpuLinearBf16 final : public Kernel {
 public:
  explicit CpuLinearBf16(const KernelSpec& spec) : Kernel(spec) {
    using onednn::Tag;
    const int64_t n = spec.y[0], out = spec.y[3], in = spec.x[0].elements() / n;
    const auto y = spec.as<Linear>().a.f32_output ? DType::f32 : DType::bf16;
    const auto matrix = [](int64_t rows, int64_t columns, DType dtype, Tag tag) {
      return dnnl::memory::desc({rows, columns}, onednn::data_type(dtype), tag);
    };
    pd_ = onednn::linear_forward(matrix(n, in, DType::bf16, Tag::ab), matrix(out, in, DType::bf16, Tag::any),
                                 {{out}, dnnl::memory::data_type::f32, Tag::x}, matrix(n, out, y, Tag::ab),
                                 onednn::user_scratchpad());
    forward_ = dnnl::inner_product_forward(pd_);
    reorder_ = {matrix(out, in, DType::f32, Tag::ab), pd_.weights_desc()};
    packed_ = onednn::storage(pd_.weights_desc());
    needs_.workspace_bytes = onednn::bytes(pd_.scratchpad_desc());
    needs_.reentrant = true;
  }

  std::string name() const override { return std::string("onednn ") + pd_.impl_info_str(); }
  void pack(const std::vector<float*>& w) override { reorder_.run(w[0], packed_.raw()); }

  void forward(const KernelArgs& k) override {
    using onednn::memory;
    forward_.execute(onednn::stream(), {{DNNL_ARG_SRC, memory(pd_.src_desc(), k.x[0])},
                                        {DNNL_ARG_WEIGHTS, memory(pd_.weights_desc(), packed_.raw())},
                                        {DNNL_ARG_BIAS, memory(pd_.bias_desc(), k.w[1])},
                                        {DNNL_ARG_DST, memory(pd_.dst_desc(), k.y)},
                                        {DNNL_ARG_SCRATCHPAD, memory(pd_.scratchpad_desc(), k.workspace)}});
  }

 private:
  dnnl::inner_product_forward::primitive_desc pd_;
  dnnl::inner_product_forward forward_;
  onednn::Reorder reorder_;
  Tensor packed_;
};

std::string reject_bf16(const KernelSpec& spec) {
  if (spec.train || spec.dtype != DType::bf16) return "for inference in bf16";
  if (isa() < Isa::avx512_bf16) return join("needs ", name_of(Isa::avx512_bf16));
  return {};
}

std::unique_ptr<Kernel> make_bf16(const KernelSpec& spec) {
  try {
    return std::make_unique<CpuLinearBf16>(spec);
  } catch (const dnnl::error& e) {
    throw Error(join("oneDNN cannot do a linear layer of ", spec.y[3], " on ", spec.x[0], " in bf16: ", e.what()));
  }
}

const RegisterKernel registered{{"linear", "cpu", "onednn", 10, accept_all, make_kernel<CpuLinear>}};
const RegisterKernel bf16{{"linear", "cpu", "onednn bf16", 20, reject_bf16, make_bf16}};

}  // namespace

}  // namespace resnet
