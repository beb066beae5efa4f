// Shortcut option A of the paper (section 3.3): take every stride-th pixel and add zero channels.
// x [N,H,W,C] -> y [N,ceil(H/stride),ceil(W/stride),out], x's channels at [before, before+C), zeros elsewhere.
#pragma once

#include "resnet/graph.h"

namespace resnet {

struct PadChannels final : Op {
  struct Attributes {
    int64_t out = 0;
    int64_t stride = 1;
    int64_t before = 0;  ///< zero channels before x's; the rest comes after
  };

  explicit PadChannels(Attributes attributes) : a(attributes) {}
  std::string_view kind() const override { return "pad_channels"; }
  std::string describe() const override;
  Shape infer(const std::vector<Shape>& x) const override;

  const Attributes a;
};

}  // namespace resnet
