// relu x=N,H,W,C
#include "ops/relu.h"

#include "conformance/case.h"
#include "conformance/data.h"

namespace resnet::conformance {
namespace {

Case parse(const Line& line) {
  Case c;
  c.x = {line.shape("x")};
  c.op = std::make_shared<Relu>();
  c.smooth = [](const Case&, Data& d) {
    for (float& v : d.x[0]) v += v > 0 ? 0.1f : -0.1f;
  };
  return c;
}

const RegisterCase registered("relu", parse);

}  // namespace
}  // namespace resnet::conformance
