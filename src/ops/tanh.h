// y = tanh(x), any shape. What networks used before the ReLU.
#pragma once

#include "resnet/graph.h"

namespace resnet {

struct Tanh final : Op {
  std::string_view kind() const override { return "tanh"; }
  std::string describe() const override { return ""; }
  Shape infer(const std::vector<Shape>& x) const override;
};

}  // namespace resnet
