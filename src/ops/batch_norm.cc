#include "ops/batch_norm.h"

#include "core/check.h"

namespace resnet {

std::string BatchNorm::describe() const {
  std::string s = a.group ? join("groups of ", a.group) : "";
  if (a.add) s += s.empty() ? "+add" : " +add";
  if (a.relu) s += s.empty() ? "+relu" : " +relu";
  return s;
}

Shape BatchNorm::infer(const std::vector<Shape>& x) const {
  CHECK(x.size() == (a.add ? 2u : 1u), "batch_norm takes ", a.add ? 2 : 1, " inputs, not ", x.size());
  CHECK(x[0].rank() == 4, "batch_norm reads [N,H,W,C], not ", x[0]);
  CHECK(!a.add || x[1] == x[0], "batch_norm: the addend is ", x[1], ", the input ", x[0]);
  return x[0];
}

std::vector<ParamSpec> BatchNorm::params(const std::vector<Shape>& x) const {
  const Shape c{x[0][3]};
  return {{"weight", c, ParamKind::bn_weight},
          {"bias", c, ParamKind::bn_bias},
          {"running_mean", c, ParamKind::running_mean},
          {"running_var", c, ParamKind::running_var}};
}

}  // namespace resnet
