// quantize x=N,H,W,C (from f32) | avg_pool_int8 x=N,H,W,C [zero=]
#include "ops/quantize.h"

#include "conformance/case.h"
#include "ops/avg_pool_int8.h"

namespace resnet::conformance {
namespace {

Case parse_quantize(const Line& line) {
  Case c;
  c.x = {line.shape("x")};
  c.op = std::make_shared<Quantize>();
  c.int8 = c.f32_input = true;
  return c;
}

Case parse_average(const Line& line) {
  Case c;
  c.x = {line.shape("x")};
  c.op = std::make_shared<AvgPoolInt8>(line.integer("zero", 0));
  c.int8 = true;
  return c;
}

const RegisterCase quantize("quantize", parse_quantize);
const RegisterCase average("avg_pool_int8", parse_average);

}  // namespace
}  // namespace resnet::conformance
