#include "ops/conv_int8.h"

#include "core/check.h"
#include "ops/conv.h"

namespace resnet {

namespace {

// The f32 convolution of the same geometry, which knows the rules of shapes.
Conv geometry(const ConvInt8::Attributes& a) {
  Conv::Attributes c;
  c.out = a.out;
  c.kernel = a.kernel;
  c.stride = a.stride;
  c.pad = a.pad;
  c.groups = a.groups;
  c.add = a.add;
  c.relu = a.relu;
  return Conv(c);
}

}  // namespace

std::string ConvInt8::describe() const { return geometry(a).describe() + (a.f32_output ? " to f32" : ""); }

Shape ConvInt8::infer(const std::vector<Shape>& x) const { return geometry(a).infer(x); }

int64_t ConvInt8::multiply_adds(const std::vector<Shape>& x) const { return geometry(a).multiply_adds(x); }

std::vector<ParamSpec> ConvInt8::params(const std::vector<Shape>& x) const {
  std::vector<ParamSpec> p = {{"weight", {a.out, x[0][3] / a.groups, a.kernel, a.kernel}, ParamKind::weight, DType::i8},
                              {"weight_scale", {a.out}, ParamKind::scale},
                              {"bias", {a.out}, ParamKind::bias},
                              {"x_scale", {1}, ParamKind::scale}};
  if (a.add) p.push_back({"addend_scale", {1}, ParamKind::scale});
  if (!a.f32_output) p.push_back({"y_scale", {1}, ParamKind::scale});
  return p;
}

ConvInt8Params conv_int8_params(const ConvInt8& conv, const std::vector<float*>& w) {
  ConvInt8Params p{reinterpret_cast<const int8_t*>(w[0]), w[1], w[2], *w[3], 0, 1};
  if (conv.a.add) p.addend_scale = *w[4];
  if (!conv.a.f32_output) p.y_scale = *w[conv.a.add ? 5 : 4];
  return p;
}

}  // namespace resnet
