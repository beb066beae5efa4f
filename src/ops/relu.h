// y = max(x, 0), any shape.
#pragma once

#include "resnet/graph.h"

namespace resnet {

struct Relu final : Op {
  std::string_view kind() const override { return "relu"; }
  std::string describe() const override { return ""; }
  Shape infer(const std::vector<Shape>& x) const override;
};

}  // namespace resnet
