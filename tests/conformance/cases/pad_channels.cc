// pad_channels x=N,H,W,C out= [stride= before=]
#include "ops/pad_channels.h"

#include "conformance/case.h"

namespace resnet::conformance {
namespace {

Case parse(const Line& line) {
  PadChannels::Attributes a;
  a.out = line.integer("out");
  a.stride = line.integer("stride", 1);
  a.before = line.integer("before", 0);
  Case c;
  c.x = {line.shape("x")};
  c.op = std::make_shared<PadChannels>(a);
  return c;
}

const RegisterCase registered("pad_channels", parse);

}  // namespace
}  // namespace resnet::conformance
