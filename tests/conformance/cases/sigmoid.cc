// sigmoid x=N,H,W,C
#include "ops/sigmoid.h"

#include "conformance/case.h"

namespace resnet::conformance {
namespace {

Case parse(const Line& line) {
  Case c;
  c.x = {line.shape("x")};
  c.op = std::make_shared<Sigmoid>();
  return c;
}

const RegisterCase registered("sigmoid", parse);

}  // namespace
}  // namespace resnet::conformance
