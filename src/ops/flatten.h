// A picture as one vector, channel by channel: x [N,H,W,C] -> y [N,1,1,C·H·W] in the order (c, h, w), which is the one that
// the weights of torchvision's VGG and AlexNet expect.
#pragma once

#include "resnet/graph.h"

namespace resnet {

struct Flatten final : Op {
  std::string_view kind() const override { return "flatten"; }
  std::string describe() const override { return ""; }
  Shape infer(const std::vector<Shape>& x) const override;
};

}  // namespace resnet
