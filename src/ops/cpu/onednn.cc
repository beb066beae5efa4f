#include "ops/cpu/onednn.h"

#include "core/check.h"
#include "core/cpu.h"
#include "core/parallel.h"
#include "ops/cpu/packed_storage.h"

namespace resnet::onednn {

dnnl::engine& engine() {
  static dnnl::engine* cpu = [] {
    isa();                             // sets ONEDNN_MAX_CPU_ISA when RESNET_ISA is given
    threads();                         // sets the pool's size, which primitives are made for
    dnnl::set_jit_profiling_flags(0);  // announcing every kernel to profilers takes time at every start
    return new dnnl::engine(dnnl::engine::kind::cpu, 0);
  }();
  return *cpu;
}

dnnl::stream& stream() {
  static dnnl::stream* in_order = new dnnl::stream(engine());
  return *in_order;
}

dnnl::memory::data_type data_type(DType dtype) {
  CHECK(dtype == DType::f32 || dtype == DType::bf16, "no convolution in ", dtype);
  return dtype == DType::f32 ? dnnl::memory::data_type::f32 : dnnl::memory::data_type::bf16;
}

dnnl::memory::desc nhwc(const Shape& s, DType dtype) { return {{s[0], s[3], s[1], s[2]}, data_type(dtype), Tag::nhwc}; }

dnnl::memory::desc weights(int64_t out, int64_t in_per_group, int64_t kernel, int64_t groups, DType dtype, Tag tag) {
  if (groups == 1) return {{out, in_per_group, kernel, kernel}, data_type(dtype), tag};
  const Tag grouped = tag == Tag::oihw ? Tag::goihw : tag;
  return {{groups, out / groups, in_per_group, kernel, kernel}, data_type(dtype), grouped};
}

size_t bytes(const dnnl::memory::desc& desc) { return desc.get_size(); }

dnnl::memory memory(const dnnl::memory::desc& desc, const void* p) { return {desc, engine(), const_cast<void*>(p)}; }

Tensor storage(const dnnl::memory::desc& desc) {
  return packed_storage({static_cast<int64_t>(bytes(desc))}, DType::u8);
}

dnnl::primitive_attr user_scratchpad() {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attr;
}

namespace {

struct Window {
  dnnl::memory::dims strides, pads;
};

Window window(const ConvGeometry& g) { return {{g.stride, g.stride}, {g.pad, g.pad}}; }

constexpr dnnl::algorithm kDirect = dnnl::algorithm::convolution_direct;

}  // namespace

#if DNNL_VERSION_MAJOR >= 3

dnnl::convolution_forward::primitive_desc conv_forward(const ConvGeometry& g, bool train,
                                                       const dnnl::primitive_attr& attr) {
  const Window v = window(g);
  const auto kind = train ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
  return {engine(), kind, kDirect, g.x, g.w, g.bias, g.y, v.strides, v.pads, v.pads, attr};
}

dnnl::convolution_backward_data::primitive_desc conv_backward_data(const ConvGeometry& g,
                                                                   const dnnl::primitive_attr& attr) {
  const Window v = window(g);
  return {engine(), kDirect, g.x, g.w, g.y, v.strides, v.pads, v.pads, conv_forward(g, true, {}), attr};
}

dnnl::convolution_backward_weights::primitive_desc conv_backward_weights(const ConvGeometry& g,
                                                                         const dnnl::primitive_attr& attr) {
  const Window v = window(g);
  return {engine(), kDirect, g.x, g.dw, g.bias, g.y, v.strides, v.pads, v.pads, conv_forward(g, true, {}), attr};
}

dnnl::inner_product_forward::primitive_desc linear_forward(const dnnl::memory::desc& x, const dnnl::memory::desc& w,
                                                           const dnnl::memory::desc& bias, const dnnl::memory::desc& y,
                                                           const dnnl::primitive_attr& attr) {
  return {engine(), dnnl::prop_kind::forward_inference, x, w, bias, y, attr};
}

void append_relu(dnnl::post_ops& ops) { ops.append_eltwise(dnnl::algorithm::eltwise_relu, 0.0f, 0.0f); }

#else

dnnl::convolution_forward::primitive_desc conv_forward(const ConvGeometry& g, bool train,
                                                       const dnnl::primitive_attr& attr) {
  const Window v = window(g);
  const auto kind = train ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
  return {{kind, kDirect, g.x, g.w, g.bias, g.y, v.strides, v.pads, v.pads}, attr, engine()};
}

dnnl::convolution_backward_data::primitive_desc conv_backward_data(const ConvGeometry& g,
                                                                   const dnnl::primitive_attr& attr) {
  const Window v = window(g);
  return {{kDirect, g.x, g.w, g.y, v.strides, v.pads, v.pads}, attr, engine(), conv_forward(g, true, {})};
}

dnnl::convolution_backward_weights::primitive_desc conv_backward_weights(const ConvGeometry& g,
                                                                         const dnnl::primitive_attr& attr) {
  const Window v = window(g);
  return {{kDirect, g.x, g.dw, g.bias, g.y, v.strides, v.pads, v.pads}, attr, engine(), conv_forward(g, true, {})};
}

dnnl::inner_product_forward::primitive_desc linear_forward(const dnnl::memory::desc& x, const dnnl::memory::desc& w,
                                                           const dnnl::memory::desc& bias, const dnnl::memory::desc& y,
                                                           const dnnl::primitive_attr& attr) {
  return {{dnnl::prop_kind::forward_inference, x, w, bias, y}, attr, engine()};
}

void append_relu(dnnl::post_ops& ops) { ops.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0.0f, 0.0f); }

#endif

Reorder::Reorder(const dnnl::memory::desc& x, const dnnl::memory::desc& y)
    : x_(x), y_(y), reorder_(dnnl::reorder::primitive_desc(engine(), x, engine(), y)) {}

void Reorder::run(const void* x, void* y) const {
  dnnl::memory from(x_, engine(), const_cast<void*>(x)), to(y_, engine(), y);
  reorder_.execute(stream(), from, to);
}

}  // namespace resnet::onednn
