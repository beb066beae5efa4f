#include "ops/lrn.h"

#include "core/check.h"

namespace resnet {

std::string Lrn::describe() const { return join("size ", a.size, " alpha ", a.alpha, " beta ", a.beta, " k ", a.k); }

Shape Lrn::infer(const std::vector<Shape>& x) const {
  CHECK(x.size() == 1, "lrn takes one input, not ", x.size());
  CHECK(x[0].rank() == 4, "lrn reads [N,H,W,C], not ", x[0]);
  CHECK(a.size > 0 && a.size % 2 == 1 && a.alpha >= 0 && a.k > 0, "lrn ", describe(),
        ": size is odd, alpha not negative, k positive");
  return x[0];
}

}  // namespace resnet
