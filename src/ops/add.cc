#include "ops/add.h"

#include "core/check.h"

namespace resnet {

Shape Add::infer(const std::vector<Shape>& x) const {
  CHECK(x.size() == 2, "add takes two inputs, not ", x.size());
  CHECK(x[0] == x[1], "add: ", x[0], " and ", x[1], " differ; the shortcut must have the shape of the branch");
  return x[0];
}

}  // namespace resnet
