#include "ops/linear.h"

#include "core/check.h"

namespace resnet {

std::string Linear::describe() const { return std::to_string(a.out); }

Shape Linear::infer(const std::vector<Shape>& x) const {
  CHECK(x.size() == 1, "linear takes one input, not ", x.size());
  CHECK(a.out > 0, "linear: ", a.out, " outputs; it needs at least one");
  return {x[0][0], 1, 1, a.out};
}

std::vector<ParamSpec> Linear::params(const std::vector<Shape>& x) const {
  return {{"weight", {a.out, x[0].elements() / x[0][0]}, ParamKind::weight}, {"bias", {a.out}, ParamKind::bias}};
}

int64_t Linear::multiply_adds(const std::vector<Shape>& x) const { return x[0].elements() * a.out; }

}  // namespace resnet
