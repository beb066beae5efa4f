// lrn x=N,H,W,C [size= alpha= beta= k=]
#include "ops/lrn.h"

#include "conformance/case.h"

namespace resnet::conformance {
namespace {

Case parse(const Line& line) {
  Lrn::Attributes a;
  a.size = line.integer("size", a.size);
  a.alpha = line.number("alpha", a.alpha);
  a.beta = line.number("beta", a.beta);
  a.k = line.number("k", a.k);
  Case c;
  c.x = {line.shape("x")};
  c.op = std::make_shared<Lrn>(a);
  return c;
}

const RegisterCase registered("lrn", parse);

}  // namespace
}  // namespace resnet::conformance
