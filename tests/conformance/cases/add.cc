// add x=N,H,W,C
#include "ops/add.h"

#include "conformance/case.h"

namespace resnet::conformance {
namespace {

Case parse(const Line& line) {
  Case c;
  c.x = {line.shape("x"), line.shape("x")};
  c.op = std::make_shared<Add>();
  return c;
}

const RegisterCase registered("add", parse);

}  // namespace
}  // namespace resnet::conformance
