// Local response normalisation across channels (Krizhevsky et al. 2012, section 3.3):
// y_c = x_c / (k + alpha·Σ x_j²)^beta, j over the `size` channels around c. x, y [N,H,W,C].
// PyTorch and Caffe divide their alpha by `size`: theirs is this one times `size`.
#pragma once

#include "resnet/graph.h"

namespace resnet {

struct Lrn final : Op {
  struct Attributes {
    int64_t size = 5;  ///< odd
    float alpha = 1e-4f;
    float beta = 0.75f;
    float k = 2;
  };

  explicit Lrn(Attributes attributes) : a(attributes) {}
  std::string_view kind() const override { return "lrn"; }
  std::string describe() const override;
  Shape infer(const std::vector<Shape>& x) const override;

  const Attributes a;
};

}  // namespace resnet
