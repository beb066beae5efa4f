#include "ops/conv.h"

#include <cmath>

#include "core/check.h"
#include "core/parallel.h"

namespace resnet {

std::string Conv::describe() const {
  std::string s = join(a.out, " ", a.kernel, "x", a.kernel);
  if (a.stride != 1) s += join("/", a.stride);
  if (a.pad != 0) s += join(" pad ", a.pad);
  if (a.groups != 1) s += join(" groups ", a.groups);
  if (a.bias) s += " bias";
  if (a.folded_bn) s += " +bn";
  if (a.add) s += " +add";
  if (a.relu) s += " +relu";
  return s;
}

Shape Conv::infer(const std::vector<Shape>& x) const {
  CHECK(x.size() == (a.add ? 2u : 1u), "conv takes ", a.add ? 2 : 1, " inputs, not ", x.size());
  CHECK(x[0].rank() == 4, "conv reads [N,H,W,C], not ", x[0]);
  CHECK(a.out > 0 && a.kernel > 0 && a.stride > 0 && a.pad >= 0 && a.groups > 0, "conv ", describe(),
        ": out, kernel, stride and groups are positive, pad is not negative");
  CHECK(x[0][3] % a.groups == 0 && a.out % a.groups == 0, "conv ", describe(), " on ", x[0], ": ", a.groups,
        " groups must divide both channel counts");
  CHECK(x[0][1] + 2 * a.pad >= a.kernel && x[0][2] + 2 * a.pad >= a.kernel, "conv ", describe(), " on ", x[0],
        ": the picture is smaller than the kernel");
  const Shape y{x[0][0], (x[0][1] + 2 * a.pad - a.kernel) / a.stride + 1,
                (x[0][2] + 2 * a.pad - a.kernel) / a.stride + 1, a.out};
  CHECK(!a.add || x[1] == y, "conv ", describe(), ": the addend is ", x[1], ", the output ", y);
  return y;
}

std::vector<ParamSpec> Conv::params(const std::vector<Shape>& x) const {
  std::vector<ParamSpec> p = {{"weight", {a.out, x[0][3] / a.groups, a.kernel, a.kernel}, ParamKind::weight}};
  if (a.bias) p.push_back({"bias", {a.out}, ParamKind::bias});
  if (a.folded_bn) {
    p.push_back({"bn.weight", {a.out}, ParamKind::bn_weight});
    p.push_back({"bn.bias", {a.out}, ParamKind::bn_bias});
    p.push_back({"bn.running_mean", {a.out}, ParamKind::running_mean});
    p.push_back({"bn.running_var", {a.out}, ParamKind::running_var});
  }
  return p;
}

int64_t Conv::multiply_adds(const std::vector<Shape>& x) const {
  return infer(x).elements() * (x[0][3] / a.groups) * a.kernel * a.kernel;
}

void folded_weights(const Conv& conv, const Shape& x, const std::vector<float*>& w, float* weight, float* bias) {
  const int64_t per_out = x[3] / conv.a.groups * conv.a.kernel * conv.a.kernel;
  const float* conv_bias = conv.a.bias ? w[1] : nullptr;
  const size_t bn = conv.a.bias ? 2 : 1;
  parallel_for(conv.a.out, [&](int64_t begin, int64_t end, int) {
    for (int64_t o = begin; o < end; ++o) {
      float scale = 1, shift = conv_bias ? conv_bias[o] : 0;
      if (conv.a.folded_bn) {
        scale = w[bn][o] / std::sqrt(w[bn + 3][o] + conv.a.bn_eps);
        shift = w[bn + 1][o] + (shift - w[bn + 2][o]) * scale;
      }
      for (int64_t i = o * per_out; i < (o + 1) * per_out; ++i) weight[i] = w[0][i] * scale;
      bias[o] = shift;
    }
  });
}

}  // namespace resnet
