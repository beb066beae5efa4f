// From f32 to u8: y = clamp(round(x / y_scale) + kSignedZero). The first step of an int8 network.
#pragma once

#include "ops/conv_int8.h"

namespace resnet {

struct Quantize final : Op {
  std::string_view kind() const override { return "quantize"; }
  std::string describe() const override { return ""; }
  Shape infer(const std::vector<Shape>& x) const override { return x[0]; }
  std::vector<ParamSpec> params(const std::vector<Shape>&) const override {
    return {{"y_scale", {1}, ParamKind::scale}};
  }
};

}  // namespace resnet
