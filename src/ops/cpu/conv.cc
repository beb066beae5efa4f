// Convolution on oneDNN: the choice for every shape that no own kernel takes.
#include "ops/conv.h"

#include <cstring>

#include "core/check.h"
#include "core/cpu.h"
#include "ops/cpu/onednn.h"
#include "ops/kernel.h"

namespace resnet {

namespace {

using onednn::Arguments;
using onednn::Tag;

class OnednnConv final : public Kernel {
 public:
  explicit OnednnConv(const KernelSpec& spec) : Kernel(spec), a_(spec.as<Conv>().a), in_(spec.x[0][3] / a_.groups) {
    plain_ = onednn::weights(a_.out, in_, a_.kernel, a_.groups, DType::f32, Tag::oihw);
    has_bias_ = a_.bias || a_.folded_bn;
    make_forward();
    if (spec.train) make_backward_weights();
    if (spec.train && spec.need_dx[0]) make_backward_data();
    needs_.y_over_x[1] = a_.add;
    needs_.backward_reads_x = true;
  }

  std::string name() const override { return name_; }

  void pack(const std::vector<float*>& w) override {
    const float* weight = w[0];
    if (!spec_.train) {
      folded_weights(spec_.as<Conv>(), spec_.x[0], w, folded_.f32(), bias_.f32());
      weight = folded_.f32();
    } else if (a_.bias) {
      std::memcpy(bias_.raw(), w[1], bias_.bytes());
    }
    to_forward_.run(weight, packed_.raw());
    if (backward_data_) to_backward_.run(weight, packed_backward_.raw());
  }

  void forward(const KernelArgs& k) override {
    if (a_.add && k.y != k.x[1])
      std::memcpy(k.y, k.x[1], static_cast<size_t>(spec_.y.elements()) * size_of(spec_.dtype));
    set(forward_args_, DNNL_ARG_SRC, k.x[0]);
    set(forward_args_, DNNL_ARG_DST, k.y);
    set(forward_args_, DNNL_ARG_SCRATCHPAD, k.workspace);
    forward_.execute(onednn::stream(), forward_args_);
  }

  void backward(const KernelArgs& k) override {
    set(weights_args_, DNNL_ARG_SRC, k.x[0]);
    set(weights_args_, DNNL_ARG_DIFF_DST, k.dy);
    set(weights_args_, DNNL_ARG_SCRATCHPAD, k.workspace);
    if (a_.bias) set(weights_args_, DNNL_ARG_DIFF_BIAS, k.dw[1]);
    backward_weights_.execute(onednn::stream(), weights_args_);
    from_gradient_.run(gradient_.raw(), k.dw[0]);
    if (!backward_data_) return;
    set(data_args_, DNNL_ARG_DIFF_SRC, k.dx[0]);
    set(data_args_, DNNL_ARG_DIFF_DST, k.dy);
    set(data_args_, DNNL_ARG_SCRATCHPAD, k.workspace);
    backward_data_.execute(onednn::stream(), data_args_);
  }

 private:
  static void set(Arguments& args, int key, const void* p) { args.at(key).set_data_handle(const_cast<void*>(p)); }
  static dnnl::memory memory(const dnnl::memory::desc& desc, void* p = nullptr) { return {desc, onednn::engine(), p}; }
  static Tensor storage(const dnnl::memory::desc& desc) {
    return Tensor({static_cast<int64_t>(onednn::bytes(desc))}, DType::u8);
  }

  onednn::ConvGeometry geometry() const {
    onednn::ConvGeometry g;
    g.x = onednn::nhwc(spec_.x[0], spec_.dtype);
    g.y = onednn::nhwc(spec_.y, spec_.dtype);
    g.w = onednn::weights(a_.out, in_, a_.kernel, a_.groups, spec_.dtype, Tag::any);
    g.dw = onednn::weights(a_.out, in_, a_.kernel, a_.groups, DType::f32, Tag::any);
    if (has_bias_) g.bias = {{a_.out}, dnnl::memory::data_type::f32, Tag::x};
    g.stride = a_.stride;
    g.pad = a_.pad;
    return g;
  }

  template <class Desc> void reserve(const Desc& pd) {
    needs_.workspace_bytes = std::max(needs_.workspace_bytes, onednn::bytes(pd.scratchpad_desc()));
  }

  static dnnl::primitive_attr user_scratchpad() {
    dnnl::primitive_attr attr;
    attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    return attr;
  }

  void make_forward() {
    dnnl::primitive_attr attr = user_scratchpad();
    dnnl::post_ops ops;
    if (a_.add) ops.append_sum();
    if (a_.relu) onednn::append_relu(ops);
    attr.set_post_ops(ops);
    const auto pd = onednn::conv_forward(geometry(), spec_.train, attr);
    reserve(pd);
    name_ = std::string("onednn ") + pd.impl_info_str();
    forward_ = dnnl::convolution_forward(pd);
    to_forward_ = onednn::Reorder(plain_, pd.weights_desc());
    packed_ = storage(pd.weights_desc());
    if (!spec_.train) folded_ = Tensor({a_.out, in_, a_.kernel, a_.kernel});
    bias_ = Tensor({a_.out});
    forward_args_ = {{DNNL_ARG_SRC, memory(pd.src_desc())},
                     {DNNL_ARG_WEIGHTS, memory(pd.weights_desc(), packed_.raw())},
                     {DNNL_ARG_DST, memory(pd.dst_desc())},
                     {DNNL_ARG_SCRATCHPAD, memory(pd.scratchpad_desc())}};
    if (has_bias_) forward_args_.emplace(DNNL_ARG_BIAS, memory(pd.bias_desc(), bias_.raw()));
  }

  void make_backward_weights() {
    const auto pd = onednn::conv_backward_weights(geometry(), user_scratchpad());
    reserve(pd);
    backward_weights_ = dnnl::convolution_backward_weights(pd);
    from_gradient_ = onednn::Reorder(pd.diff_weights_desc(), plain_);
    gradient_ = storage(pd.diff_weights_desc());
    weights_args_ = {{DNNL_ARG_SRC, memory(pd.src_desc())},
                     {DNNL_ARG_DIFF_DST, memory(pd.diff_dst_desc())},
                     {DNNL_ARG_DIFF_WEIGHTS, memory(pd.diff_weights_desc(), gradient_.raw())},
                     {DNNL_ARG_SCRATCHPAD, memory(pd.scratchpad_desc())}};
    if (a_.bias) weights_args_.emplace(DNNL_ARG_DIFF_BIAS, memory(pd.diff_bias_desc()));
  }

  void make_backward_data() {
    const auto pd = onednn::conv_backward_data(geometry(), user_scratchpad());
    reserve(pd);
    backward_data_ = dnnl::convolution_backward_data(pd);
    to_backward_ = onednn::Reorder(plain_, pd.weights_desc());
    packed_backward_ = storage(pd.weights_desc());
    data_args_ = {{DNNL_ARG_DIFF_SRC, memory(pd.diff_src_desc())},
                  {DNNL_ARG_WEIGHTS, memory(pd.weights_desc(), packed_backward_.raw())},
                  {DNNL_ARG_DIFF_DST, memory(pd.diff_dst_desc())},
                  {DNNL_ARG_SCRATCHPAD, memory(pd.scratchpad_desc())}};
  }

  const Conv::Attributes a_;
  const int64_t in_;
  bool has_bias_ = false;
  std::string name_;
  dnnl::memory::desc plain_;  // f32 OIHW, as the masters are
  dnnl::convolution_forward forward_;
  dnnl::convolution_backward_data backward_data_;
  dnnl::convolution_backward_weights backward_weights_;
  onednn::Reorder to_forward_, to_backward_, from_gradient_;
  Tensor packed_, packed_backward_, gradient_, folded_, bias_;
  Arguments forward_args_, data_args_, weights_args_;
};

std::string reject(const KernelSpec& spec) {
  const Conv::Attributes& a = spec.as<Conv>().a;
  if (spec.train && (a.add || a.relu || a.folded_bn)) return "fused epilogues are for inference";
  if (spec.dtype == DType::bf16 && isa() < Isa::avx512)
    return join("bf16 needs AVX-512, and this process uses ", name_of(isa()));
  return {};
}

std::unique_ptr<Kernel> make(const KernelSpec& spec) {
  try {
    return std::make_unique<OnednnConv>(spec);
  } catch (const dnnl::error& e) {
    throw Error(
        join("oneDNN cannot do conv ", spec.op->describe(), " on ", spec.x[0], " in ", spec.dtype, ": ", e.what()));
  }
}

const RegisterKernel registered{{"conv", "cpu", "onednn", 10, reject, make}};

}  // namespace

}  // namespace resnet
