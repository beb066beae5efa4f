// softmax_cross_entropy x=N,1,1,K [smoothing=] [soft]
#include "ops/softmax_cross_entropy.h"

#include "conformance/case.h"

namespace resnet::conformance {
namespace {

Case parse(const Line& line) {
  Case c;
  c.x = {line.shape("x")};
  c.op = std::make_shared<SoftmaxCrossEntropy>(line.number("smoothing", 0), line.flag("soft"));
  c.f32_input = true;
  c.classes = c.x[0][3];
  return c;
}

const RegisterCase registered("softmax_cross_entropy", parse);

}  // namespace
}  // namespace resnet::conformance
