// Fully connected layer: x [N,1,1,C] or [N,H,W,C] (flattened in NHWC order) -> y [N,1,1,out]; weight [out, H·W·C], bias [out].
// The network's last one writes f32 logits whatever the activations are.
#pragma once

#include "resnet/graph.h"

namespace resnet {

struct Linear final : Op {
  struct Attributes {
    int64_t out = 0;
    bool f32_output = true;
  };

  explicit Linear(Attributes attributes) : a(attributes) {}
  std::string_view kind() const override { return "linear"; }
  std::string describe() const override;
  Shape infer(const std::vector<Shape>& x) const override;
  DType output_dtype(DType activations) const override { return a.f32_output ? DType::f32 : activations; }
  std::vector<ParamSpec> params(const std::vector<Shape>& x) const override;
  int64_t multiply_adds(const std::vector<Shape>& x) const override;

  const Attributes a;
};

}  // namespace resnet
