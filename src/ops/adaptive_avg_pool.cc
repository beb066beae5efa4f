#include "ops/adaptive_avg_pool.h"

#include "core/check.h"

namespace resnet {

std::string AdaptiveAvgPool::describe() const { return join("to ", a.out, "x", a.out); }

Shape AdaptiveAvgPool::infer(const std::vector<Shape>& x) const {
  CHECK(x.size() == 1, "adaptive_avg_pool takes one input, not ", x.size());
  CHECK(x[0].rank() == 4, "adaptive_avg_pool reads [N,H,W,C], not ", x[0]);
  CHECK(a.out > 0, "adaptive_avg_pool to ", a.out, " pixels; it needs at least one");
  return {x[0][0], a.out, a.out, x[0][3]};
}

}  // namespace resnet
