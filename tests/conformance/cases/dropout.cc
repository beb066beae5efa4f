// dropout x=N,H,W,C [p= stream=]
#include "ops/dropout.h"

#include "conformance/case.h"

namespace resnet::conformance {
namespace {

Case parse(const Line& line) {
  Dropout::Attributes a;
  a.p = line.number("p", a.p);
  a.stream = line.integer("stream", 0);
  Case c;
  c.x = {line.shape("x")};
  c.op = std::make_shared<Dropout>(a);
  return c;
}

const RegisterCase registered("dropout", parse);

}  // namespace
}  // namespace resnet::conformance
