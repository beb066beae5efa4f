// The passes of a convolution on oneDNN: what every shape without a better implementation gets.
#include <cstring>

#include "core/check.h"
#include "core/cpu.h"
#include "ops/cpu/conv_pass.h"
#include "ops/cpu/onednn.h"

namespace resnet {

namespace {

using onednn::Arguments;
using onednn::memory;
using onednn::storage;
using onednn::Tag;
using onednn::user_scratchpad;

class OnednnPass : public ConvPass {
 public:
  explicit OnednnPass(const ConvCase& c)
      : case_(c), plain_(onednn::weights(c.shape.oc, in(), c.shape.k, c.shape.groups, DType::f32, Tag::oihw)) {}
  std::string name() const override { return name_; }
  size_t workspace_bytes() const override { return workspace_bytes_; }

 protected:
  int64_t in() const { return case_.shape.c / case_.shape.groups; }

  onednn::ConvGeometry geometry(bool bias) const {
    const ConvShape& s = case_.shape;
    onednn::ConvGeometry g;
    g.x = onednn::nhwc({s.n, s.h, s.w, s.c}, case_.dtype);
    g.y = onednn::nhwc({s.n, s.oh, s.ow, s.oc}, case_.dtype);
    g.w = onednn::weights(s.oc, in(), s.k, s.groups, case_.dtype, Tag::any);
    g.dw = onednn::weights(s.oc, in(), s.k, s.groups, DType::f32, Tag::any);
    if (bias) g.bias = {{s.oc}, dnnl::memory::data_type::f32, Tag::x};
    g.stride = s.stride;
    g.pad = s.pad;
    return g;
  }

  template <class Desc> void describe(const Desc& pd) {
    name_ = std::string("onednn ") + pd.impl_info_str();
    workspace_bytes_ = onednn::bytes(pd.scratchpad_desc());
  }
  void set(int key, const void* p) { args_.at(key).set_data_handle(const_cast<void*>(p)); }

  const ConvCase case_;
  const dnnl::memory::desc plain_;  // f32 OIHW, as the masters are
  std::string name_;
  size_t workspace_bytes_ = 0;
  onednn::Reorder reorder_;  // weights to oneDNN's layout, or their gradient from it
  Tensor packed_;            // in oneDNN's layout
  Arguments args_;
};

class OnednnForward final : public OnednnPass {
 public:
  explicit OnednnForward(const ConvCase& c) : OnednnPass(c) {
    dnnl::primitive_attr attr = user_scratchpad();
    dnnl::post_ops ops;
    if (c.add) ops.append_sum();
    if (c.relu) onednn::append_relu(ops);
    attr.set_post_ops(ops);
    const auto pd = onednn::conv_forward(geometry(c.bias), c.train, attr);
    describe(pd);
    forward_ = dnnl::convolution_forward(pd);
    reorder_ = onednn::Reorder(plain_, pd.weights_desc());
    packed_ = storage(pd.weights_desc());
    args_ = {{DNNL_ARG_SRC, memory(pd.src_desc())},
             {DNNL_ARG_WEIGHTS, memory(pd.weights_desc(), packed_.raw())},
             {DNNL_ARG_DST, memory(pd.dst_desc())},
             {DNNL_ARG_SCRATCHPAD, memory(pd.scratchpad_desc())}};
    if (c.bias) args_.emplace(DNNL_ARG_BIAS, memory(pd.bias_desc()));
  }

  void pack(const float* w) override { reorder_.run(w, packed_.raw()); }

  void run(const ConvArgs& a) override {
    const ConvShape& s = case_.shape;
    if (a.addend && a.y != a.addend)
      std::memcpy(a.y, a.addend, static_cast<size_t>(s.n * s.oh * s.ow * s.oc) * size_of(case_.dtype));
    set(DNNL_ARG_SRC, a.x);
    set(DNNL_ARG_DST, a.y);
    if (a.bias) set(DNNL_ARG_BIAS, a.bias);
    set(DNNL_ARG_SCRATCHPAD, a.workspace);
    forward_.execute(onednn::stream(), args_);
  }

 private:
  dnnl::convolution_forward forward_;
};

class OnednnDataGradient final : public OnednnPass {
 public:
  explicit OnednnDataGradient(const ConvCase& c) : OnednnPass(c) {
    const auto pd = onednn::conv_backward_data(geometry(false), user_scratchpad());
    describe(pd);
    backward_ = dnnl::convolution_backward_data(pd);
    reorder_ = onednn::Reorder(plain_, pd.weights_desc());
    packed_ = storage(pd.weights_desc());
    args_ = {{DNNL_ARG_DIFF_SRC, memory(pd.diff_src_desc())},
             {DNNL_ARG_WEIGHTS, memory(pd.weights_desc(), packed_.raw())},
             {DNNL_ARG_DIFF_DST, memory(pd.diff_dst_desc())},
             {DNNL_ARG_SCRATCHPAD, memory(pd.scratchpad_desc())}};
  }

  void pack(const float* w) override { reorder_.run(w, packed_.raw()); }
  bool accumulates() const override { return false; }

  void run(const ConvArgs& a) override {
    set(DNNL_ARG_DIFF_SRC, a.dx);
    set(DNNL_ARG_DIFF_DST, a.dy);
    set(DNNL_ARG_SCRATCHPAD, a.workspace);
    backward_.execute(onednn::stream(), args_);
  }

 private:
  dnnl::convolution_backward_data backward_;
};

class OnednnWeightGradient final : public OnednnPass {
 public:
  explicit OnednnWeightGradient(const ConvCase& c) : OnednnPass(c) {
    const auto pd = onednn::conv_backward_weights(geometry(false), user_scratchpad());
    describe(pd);
    backward_ = dnnl::convolution_backward_weights(pd);
    reorder_ = onednn::Reorder(pd.diff_weights_desc(), plain_);
    packed_ = storage(pd.diff_weights_desc());
    args_ = {{DNNL_ARG_SRC, memory(pd.src_desc())},
             {DNNL_ARG_DIFF_DST, memory(pd.diff_dst_desc())},
             {DNNL_ARG_DIFF_WEIGHTS, memory(pd.diff_weights_desc(), packed_.raw())},
             {DNNL_ARG_SCRATCHPAD, memory(pd.scratchpad_desc())}};
  }

  void run(const ConvArgs& a) override {
    set(DNNL_ARG_SRC, a.x);
    set(DNNL_ARG_DIFF_DST, a.dy);
    set(DNNL_ARG_SCRATCHPAD, a.workspace);
    backward_.execute(onednn::stream(), args_);
    reorder_.run(packed_.raw(), a.dw);
  }

 private:
  dnnl::convolution_backward_weights backward_;
};

std::string reject(const ConvCase& c) {
  if (c.dtype != DType::f32 && c.dtype != DType::bf16) return "f32 and bf16 only";
  if (c.dtype == DType::bf16 && isa() < Isa::avx512)
    return join("bf16 needs AVX-512, and this process uses ", name_of(isa()));
  return {};
}

std::unique_ptr<ConvPass> make(const ConvCase& c) {
  try {
    if (c.pass == ConvPassKind::forward) return std::make_unique<OnednnForward>(c);
    if (c.pass == ConvPassKind::data_gradient) return std::make_unique<OnednnDataGradient>(c);
    return std::make_unique<OnednnWeightGradient>(c);
  } catch (const dnnl::error& e) {
    const ConvShape& s = c.shape;
    throw Error(join("oneDNN cannot do a convolution of ", s.oc, " ", s.k, "x", s.k, " on ", Shape{s.n, s.h, s.w, s.c},
                     " in ", c.dtype, ": ", e.what()));
  }
}

const RegisterConvPass registered{{"onednn", 10, false, reject, make}};

}  // namespace

}  // namespace resnet
