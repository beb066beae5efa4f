// Average pooling to a fixed number of pixels, as in torchvision's VGG and AlexNet: output row i is the mean of input rows
// [⌊i·H/out⌋, ⌈(i+1)·H/out⌉), columns alike. x [N,H,W,C] -> y [N,out,out,C].
#pragma once

#include "resnet/graph.h"

namespace resnet {

struct AdaptiveAvgPool final : Op {
  struct Attributes {
    int64_t out = 1;  ///< side of the square output
  };

  explicit AdaptiveAvgPool(Attributes attributes) : a(attributes) {}
  std::string_view kind() const override { return "adaptive_avg_pool"; }
  std::string describe() const override;
  Shape infer(const std::vector<Shape>& x) const override;

  const Attributes a;
};

/// Input positions [begin, end) along one axis that output position i averages.
struct PoolRange {
  int64_t begin, end;
  int64_t size() const { return end - begin; }
};
inline PoolRange adaptive_range(int64_t i, int64_t in, int64_t out) {
  return {i * in / out, ((i + 1) * in + out - 1) / out};
}

}  // namespace resnet
