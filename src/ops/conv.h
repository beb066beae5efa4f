// Two-dimensional convolution (cross-correlation, as everywhere in the field).
// x [N,H,W,C] -> y [N,(H+2·pad-k)/stride+1,…,out]; weight [out, C/groups, k, k]; optional bias [out].
// After the passes it may also hold a batch norm, an addend x[1] and a ReLU: y = relu(bn(conv(x)) + x[1]).
#pragma once

#include "resnet/graph.h"

namespace resnet {

struct Conv final : Op {
  struct Attributes {
    int64_t out = 0;
    int64_t kernel = 1;
    int64_t stride = 1;
    int64_t pad = 0;
    int64_t groups = 1;
    bool bias = false;
    // Set by passes only:
    bool folded_bn = false;  ///< four more parameters: gamma, beta, running mean, running variance
    float bn_eps = 1e-5f;
    float bn_momentum = 0.1f;  ///< of the running statistics, in training
    bool add = false;          ///< a second input of the output's shape is added
    bool relu = false;
  };

  explicit Conv(Attributes attributes) : a(attributes) {}
  std::string_view kind() const override { return "conv"; }
  std::string describe() const override;
  Shape infer(const std::vector<Shape>& x) const override;
  std::vector<ParamSpec> params(const std::vector<Shape>& x) const override;
  int64_t multiply_adds(const std::vector<Shape>& x) const override;

  const Attributes a;
};

/// The weights and biases that the convolution uses after folding: w·gamma/sqrt(var+eps) and beta+(bias-mean)·gamma/sqrt(var+eps).
/// `w` as in KernelArgs (the order of params()). weight: [out, C/groups, k, k] elements; bias: [out], zero where there is none.
void folded_weights(const Conv& conv, const Shape& x, const std::vector<float*>& w, float* weight, float* bias);

}  // namespace resnet
