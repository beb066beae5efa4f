// flatten x=N,H,W,C
#include "ops/flatten.h"

#include "conformance/case.h"

namespace resnet::conformance {
namespace {

Case parse(const Line& line) {
  Case c;
  c.x = {line.shape("x")};
  c.op = std::make_shared<Flatten>();
  return c;
}

const RegisterCase registered("flatten", parse);

}  // namespace
}  // namespace resnet::conformance
