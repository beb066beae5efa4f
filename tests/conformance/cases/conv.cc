// conv x=N,H,W,C out= [kernel= stride= pad= groups=] [bias] and, for inference, [folded_bn] [add] [relu]
#include "ops/conv.h"

#include "conformance/case.h"

namespace resnet::conformance {
namespace {

Case parse(const Line& line) {
  Conv::Attributes a;
  a.out = line.integer("out");
  a.kernel = line.integer("kernel", 1);
  a.stride = line.integer("stride", 1);
  a.pad = line.integer("pad", 0);
  a.groups = line.integer("groups", 1);
  a.bias = line.flag("bias");
  a.folded_bn = line.flag("folded_bn");
  a.relu = line.flag("relu");
  Case c;
  c.x = {line.shape("x")};
  if (line.flag("add")) {
    c.x.push_back(Conv(a).infer(c.x));
    a.add = true;
  }
  c.op = std::make_shared<Conv>(a);
  c.train = !(a.folded_bn || a.add || a.relu);
  return c;
}

const RegisterCase registered("conv", parse);

}  // namespace
}  // namespace resnet::conformance
