// Average of a whole u8 picture, requantised: y = clamp(round((mean(x) - zero)·x_scale / y_scale) + zero). An average is much
// smaller than the largest value, so it has a scale of its own.
#pragma once

#include "resnet/graph.h"

namespace resnet {

struct AvgPoolInt8 final : Op {
  explicit AvgPoolInt8(int64_t zero) : zero(zero) {}
  std::string_view kind() const override { return "avg_pool_int8"; }
  std::string describe() const override { return "global"; }
  Shape infer(const std::vector<Shape>& x) const override { return {x[0][0], 1, 1, x[0][3]}; }
  std::vector<ParamSpec> params(const std::vector<Shape>&) const override {
    return {{"x_scale", {1}, ParamKind::scale}, {"y_scale", {1}, ParamKind::scale}};
  }
  const int64_t zero;  ///< what stands for 0 in x and y
};

}  // namespace resnet
