// tanh x=N,H,W,C
#include "ops/tanh.h"

#include "conformance/case.h"

namespace resnet::conformance {
namespace {

Case parse(const Line& line) {
  Case c;
  c.x = {line.shape("x")};
  c.op = std::make_shared<Tanh>();
  return c;
}

const RegisterCase registered("tanh", parse);

}  // namespace
}  // namespace resnet::conformance
