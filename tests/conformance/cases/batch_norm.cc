// batch_norm x=N,H,W,C [group= momentum= eps=] [add] [relu] [infer]
#include "ops/batch_norm.h"

#include <algorithm>

#include "conformance/case.h"
#include "conformance/data.h"

namespace resnet::conformance {
namespace {

/// Two clusters a channel, so that the variance is not small, and an addend (or else a bias) that decides the ReLU.
void smooth(const Case& c, Data& d) {
  const auto channels = static_cast<size_t>(c.x[0][3]);
  const auto& a = static_cast<const BatchNorm&>(*c.op).a;
  for (size_t i = 0; i < d.x[0].size(); ++i) d.x[0][i] = 0.3f * d.x[0][i] + (i / channels % 2 ? 1.5f : -1.5f);
  if (a.add)
    for (float& v : d.x[1]) v += v > 0 ? 8.0f : -8.0f;
  else if (a.relu)
    for (size_t i = 0; i < channels; ++i) d.w[1][i] = i % 2 ? 8.0f : -8.0f;
}

Case parse(const Line& line) {
  BatchNorm::Attributes a;
  a.group = line.integer("group", 0);
  a.momentum = line.number("momentum", a.momentum);
  a.eps = line.number("eps", a.eps);
  a.add = line.flag("add");
  a.relu = line.flag("relu");
  Case c;
  c.x = {line.shape("x")};
  if (a.add) c.x.push_back(c.x[0]);
  c.op = std::make_shared<BatchNorm>(a);
  c.min_batch = a.group ? 2 * a.group : 2;
  // With two or so values a channel, 1/std may be large while the true gradient is nearly zero.
  const int64_t pictures = a.group ? std::min(a.group, c.x[0][0]) : c.x[0][0];
  c.floor = pictures * c.x[0][1] * c.x[0][2] < 8 ? 10 : 1;
  c.smooth = smooth;
  return c;
}

const RegisterCase registered("batch_norm", parse);

}  // namespace
}  // namespace resnet::conformance
