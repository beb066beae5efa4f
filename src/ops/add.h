// y = x[0] + x[1], equal shapes.
#pragma once

#include "resnet/graph.h"

namespace resnet {

struct Add final : Op {
  std::string_view kind() const override { return "add"; }
  std::string describe() const override { return ""; }
  Shape infer(const std::vector<Shape>& x) const override;
};

}  // namespace resnet
