// adaptive_avg_pool x=N,H,W,C out=
#include "ops/adaptive_avg_pool.h"

#include "conformance/case.h"

namespace resnet::conformance {
namespace {

Case parse(const Line& line) {
  Case c;
  c.x = {line.shape("x")};
  c.op = std::make_shared<AdaptiveAvgPool>(AdaptiveAvgPool::Attributes{line.integer("out")});
  return c;
}

const RegisterCase registered("adaptive_avg_pool", parse);

}  // namespace
}  // namespace resnet::conformance
