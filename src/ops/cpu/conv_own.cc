// Own bf16 convolutions, on AMX and on AVX-512 bf16: everything a residual network's convolutions need in training, and
// the fused bias, addend and ReLU of inference. Made for the small channel counts and the gradients that oneDNN is slow at.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "core/check.h"
#include "core/cpu.h"
#include "core/parallel.h"
#include "ops/conv.h"
#include "ops/cpu/conv_own_dw.h"
#include "ops/cpu/conv_own_rows.h"
#include "ops/kernel.h"

namespace resnet {

namespace {

ConvShape conv_shape(const KernelSpec& spec) {
  const Conv::Attributes& a = spec.as<Conv>().a;
  const Shape &x = spec.x[0], &y = spec.y;
  return {x[0], x[1], x[2], x[3], a.kernel, a.stride, a.pad, y[1], y[2], a.out};
}

class OwnConv final : public Kernel {
 public:
  OwnConv(const KernelSpec& spec, const GemmIsa& isa, std::string name)
      : Kernel(spec), isa_(isa), name_(std::move(name)), shape_(conv_shape(spec)), forward_(RowConv::forward(shape_)) {
    needs_.workspace_bytes = forward_.workspace_bytes();
    if (!spec.train) return;
    dw_.emplace_back(shape_);
    needs_.workspace_bytes = std::max(needs_.workspace_bytes, dw_[0].workspace_bytes());
    needs_.backward_reads_x = true;
    if (!spec.need_dx[0]) return;
    dx_.push_back(RowConv::data_gradient(shape_));
    needs_.workspace_bytes = std::max(needs_.workspace_bytes, dx_[0].workspace_bytes());
    needs_.accumulates[0] = true;
  }

  std::string name() const override { return name_; }

  void pack(const std::vector<float*>& w) override {
    if (spec_.train) {
      forward_.pack(w[0]);
      for (RowConv& dx : dx_) dx.pack(w[0]);
      return;
    }
    std::vector<float> folded(static_cast<size_t>(shape_.oc * shape_.c * shape_.k * shape_.k));
    bias_.resize(static_cast<size_t>(shape_.oc));
    folded_weights(spec_.as<Conv>(), spec_.x[0], w, folded.data(), bias_.data());
    forward_.pack(folded.data());
  }

  void forward(const KernelArgs& a) override {
    check_threads();
    const Conv::Attributes& attributes = spec_.as<Conv>().a;
    RowConv::Buffers b;
    b.x = static_cast<const uint16_t*>(a.x[0]);
    b.y = static_cast<uint16_t*>(a.y);
    b.addend = attributes.add ? static_cast<const uint16_t*>(a.x[1]) : nullptr;
    b.bias = bias_.empty() ? nullptr : bias_.data();
    b.relu = attributes.relu;
    b.workspace = a.workspace;
    forward_.run(isa_, b);
  }

  void backward(const KernelArgs& a) override {
    check_threads();
    const uint16_t* dy = static_cast<const uint16_t*>(a.dy);
    if (a.dw[0]) dw_[0].run(isa_, static_cast<const uint16_t*>(a.x[0]), dy, a.dw[0], a.workspace);
    if (dx_.empty() || a.dx[0] == nullptr) return;
    RowConv::Buffers b;
    b.x = dy;
    b.y = static_cast<uint16_t*>(a.dx[0]);
    b.addend = a.accumulate[0] ? b.y : nullptr;
    b.workspace = a.workspace;
    dx_[0].run(isa_, b);
  }

 private:
  // The workspace has a part for every thread.
  void check_threads() const {
    CHECK(threads() == threads_, name_, " convolution: planned for ", threads_, " threads, run on ", threads(),
          "; set the number of threads before the plan is made");
  }

  const int threads_ = threads();
  const GemmIsa& isa_;
  const std::string name_;
  const ConvShape shape_;
  RowConv forward_;
  std::vector<RowConv> dx_;         // none or one
  std::vector<WeightGradient> dw_;  // none or one
  std::vector<float> bias_;         // of inference
};

std::string reject(const KernelSpec& spec, Isa needed) {
  const Conv::Attributes& a = spec.as<Conv>().a;
  if (isa() < needed) return join("needs ", name_of(needed));
  if (spec.dtype != DType::bf16) return "bf16 only";
  if (a.groups != 1) return "no groups";
  if (a.out % 16 != 0) return "needs output channels in multiples of 16";
  if (!spec.train) return {};
  if (a.bias || a.folded_bn || a.add || a.relu) return "no bias or fused steps in training";
  if (spec.need_dx[0] && spec.x[0][3] % 16 != 0) return "needs input channels in multiples of 16";
  if (spec.x[0][3] % 16 == 0 && a.kernel > 3) return "kernels up to 3x3";
  return {};
}

const RegisterKernel amx{{"conv", "cpu", "amx", 30, [](const KernelSpec& s) { return reject(s, Isa::amx); },
                          [](const KernelSpec& s) { return std::make_unique<OwnConv>(s, gemm_amx(), "amx"); }}};
const RegisterKernel avx512_bf16{
    {"conv", "cpu", "avx512_bf16", 20, [](const KernelSpec& s) { return reject(s, Isa::avx512_bf16); },
     [](const KernelSpec& s) { return std::make_unique<OwnConv>(s, gemm_avx512_bf16(), "avx512_bf16"); }}};

}  // namespace

}  // namespace resnet
