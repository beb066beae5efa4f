// The loss: mean over the batch of -Σ_k t_k·log softmax(x)_k, with t = (1-smoothing)·onehot(label) + smoothing/classes,
// or t from KernelArgs::targets where labels are soft; those may sum up to any number.
// x: f32 logits [N,1,1,K]; labels from KernelArgs; y: f32 [1,1,1,1]. Its gradient starts the backward pass (dy is taken as 1).
// dx is f32 like x.
#pragma once

#include "resnet/graph.h"

namespace resnet {

struct SoftmaxCrossEntropy final : Op {
  explicit SoftmaxCrossEntropy(float label_smoothing = 0, bool soft_labels = false)
      : smoothing(label_smoothing), soft(soft_labels) {}
  std::string_view kind() const override { return "softmax_cross_entropy"; }
  std::string describe() const override;
  Shape infer(const std::vector<Shape>& x) const override;
  DType output_dtype(DType) const override { return DType::f32; }

  const float smoothing;
  const bool soft;
};

}  // namespace resnet
