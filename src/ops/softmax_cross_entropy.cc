#include "ops/softmax_cross_entropy.h"

#include "core/check.h"

namespace resnet {

std::string SoftmaxCrossEntropy::describe() const {
  if (soft) return "soft labels";
  return smoothing != 0 ? join("smoothing ", smoothing) : "";
}

Shape SoftmaxCrossEntropy::infer(const std::vector<Shape>& x) const {
  CHECK(x.size() == 1, "softmax_cross_entropy takes one input, not ", x.size());
  CHECK(x[0].rank() == 4 && x[0][1] == 1 && x[0][2] == 1, "softmax_cross_entropy reads logits [N,1,1,K], not ", x[0]);
  return {1, 1, 1, 1};
}

}  // namespace resnet
