#include "ops/flatten.h"

#include "core/check.h"

namespace resnet {

Shape Flatten::infer(const std::vector<Shape>& x) const {
  CHECK(x.size() == 1, "flatten takes one input, not ", x.size());
  CHECK(x[0].rank() == 4, "flatten reads [N,H,W,C], not ", x[0]);
  return {x[0][0], 1, 1, x[0][1] * x[0][2] * x[0][3]};
}

}  // namespace resnet
