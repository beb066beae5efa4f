// The only place that knows oneDNN's version: memory descriptors, convolution primitives and reorders for 2.x and 3.x.
#pragma once

#include <array>
#include <dnnl.hpp>
#include <unordered_map>

#include "resnet/tensor.h"

namespace resnet::onednn {

using Tag = dnnl::memory::format_tag;
using Arguments = std::unordered_map<int, dnnl::memory>;

/// One engine and stream for the process. The first use also applies RESNET_ISA to oneDNN.
dnnl::engine& engine();
dnnl::stream& stream();

dnnl::memory::data_type data_type(DType dtype);
/// Dense NHWC activations of `shape`.
dnnl::memory::desc nhwc(const Shape& shape, DType dtype);
/// Convolution weights [out, in/groups, kh, kw]; Tag::any leaves the layout to oneDNN. With groups the layout is goihw.
dnnl::memory::desc weights(int64_t out, int64_t in_per_group, int64_t kernel, int64_t groups, DType dtype, Tag tag);
size_t bytes(const dnnl::memory::desc& desc);
/// What lies at p.
dnnl::memory memory(const dnnl::memory::desc& desc, const void* p = nullptr);
/// For weights in oneDNN's layout.
Tensor storage(const dnnl::memory::desc& desc);
/// The scratchpad is an argument of every call.
dnnl::primitive_attr user_scratchpad();

struct ConvGeometry {
  dnnl::memory::desc x, w, bias, y;  ///< bias: a zero descriptor where there is none
  dnnl::memory::desc dw;             ///< of the weights' gradient
  int64_t stride = 1, pad = 0;
};

dnnl::convolution_forward::primitive_desc conv_forward(const ConvGeometry& g, bool train,
                                                       const dnnl::primitive_attr& attr);
dnnl::convolution_backward_data::primitive_desc conv_backward_data(const ConvGeometry& g,
                                                                   const dnnl::primitive_attr& attr);
dnnl::convolution_backward_weights::primitive_desc conv_backward_weights(const ConvGeometry& g,
                                                                         const dnnl::primitive_attr& attr);
/// x [n,in], w [out,in], bias [out], y [n,out]
dnnl::inner_product_forward::primitive_desc linear_forward(const dnnl::memory::desc& x, const dnnl::memory::desc& w,
                                                           const dnnl::memory::desc& bias, const dnnl::memory::desc& y,
                                                           const dnnl::primitive_attr& attr);
/// Adds y = max(y, 0) to what follows a primitive.
void append_relu(dnnl::post_ops& ops);

/// y = x in another layout and dtype.
class Reorder {
 public:
  Reorder() = default;
  Reorder(const dnnl::memory::desc& x, const dnnl::memory::desc& y);
  void run(const void* x, void* y) const;

 private:
  dnnl::memory::desc x_, y_;
  dnnl::reorder reorder_;
};

}  // namespace resnet::onednn
