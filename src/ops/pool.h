// Max and average pooling. x [N,H,W,C] -> y [N,(H+2·pad-k)/stride+1,…,C], floor mode; padding never wins a maximum, and
// an average divides by k·k (padding counts as zeros). kernel 0 pools the whole picture to 1×1.
#pragma once

#include "resnet/graph.h"

namespace resnet {

struct PoolAttributes {
  int64_t kernel = 0;
  int64_t stride = 1;
  int64_t pad = 0;
};

std::string describe_pool(const PoolAttributes& a);
Shape infer_pool(std::string_view kind, const PoolAttributes& a, const std::vector<Shape>& x);

struct MaxPool final : Op {
  explicit MaxPool(PoolAttributes attributes) : a(attributes) {}
  std::string_view kind() const override { return "max_pool"; }
  std::string describe() const override { return describe_pool(a); }
  Shape infer(const std::vector<Shape>& x) const override { return infer_pool(kind(), a, x); }
  const PoolAttributes a;
};

struct AvgPool final : Op {
  explicit AvgPool(PoolAttributes attributes) : a(attributes) {}
  std::string_view kind() const override { return "avg_pool"; }
  std::string describe() const override { return describe_pool(a); }
  Shape infer(const std::vector<Shape>& x) const override { return infer_pool(kind(), a, x); }
  const PoolAttributes a;
};

}  // namespace resnet
