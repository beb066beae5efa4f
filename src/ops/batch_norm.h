// Batch normalisation over N, H and W, one mean and variance a channel (Ioffe and Szegedy, arXiv 1502.03167).
// x [N,H,W,C] -> y [N,H,W,C]; with fusion y = relu(bn(x[0]) + x[1]).
// Training: biased variance normalises; running = (1-momentum)·running + momentum·batch, with the unbiased variance.
#pragma once

#include "resnet/graph.h"

namespace resnet {

struct BatchNorm final : Op {
  struct Attributes {
    float eps = 1e-5f;
    float momentum = 0.1f;
    int64_t group = 0;  ///< statistics over groups of this many pictures of the batch; 0: the whole batch
    // Set by passes only:
    bool add = false;  ///< a second input of the same shape is added before the ReLU
    bool relu = false;
  };

  explicit BatchNorm(Attributes attributes) : a(attributes) {}
  std::string_view kind() const override { return "batch_norm"; }
  std::string describe() const override;
  Shape infer(const std::vector<Shape>& x) const override;
  /// weight, bias, running_mean, running_var
  std::vector<ParamSpec> params(const std::vector<Shape>& x) const override;

  const Attributes a;
};

}  // namespace resnet
