// linear x=N,H,W,C out= [same_dtype]: logits are f32 unless same_dtype keeps them in the dtype of the activations.
#include "ops/linear.h"

#include "conformance/case.h"

namespace resnet::conformance {
namespace {

Case parse(const Line& line) {
  Linear::Attributes a;
  a.out = line.integer("out");
  a.f32_output = !line.flag("same_dtype");
  Case c;
  c.x = {line.shape("x")};
  c.op = std::make_shared<Linear>(a);
  return c;
}

const RegisterCase registered("linear", parse);

}  // namespace
}  // namespace resnet::conformance
