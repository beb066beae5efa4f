// conv_int8 x=N,H,W,C out= [kernel= stride= pad=] [x_zero= addend_zero=] [add] [relu] [f32_output]
#include "ops/conv_int8.h"

#include "conformance/case.h"

namespace resnet::conformance {
namespace {

Case parse(const Line& line) {
  ConvInt8::Attributes a;
  a.out = line.integer("out");
  a.kernel = line.integer("kernel", 1);
  a.stride = line.integer("stride", 1);
  a.pad = line.integer("pad", 0);
  a.relu = line.flag("relu");
  a.f32_output = line.flag("f32_output");
  a.x_zero = line.integer("x_zero", 0);
  a.addend_zero = line.integer("addend_zero", 0);
  Case c;
  c.x = {line.shape("x")};
  if (line.flag("add")) {
    c.x.push_back(ConvInt8(a).infer(c.x));
    a.add = true;
  }
  c.op = std::make_shared<ConvInt8>(a);
  c.int8 = true;
  return c;
}

const RegisterCase registered("conv_int8", parse);

}  // namespace
}  // namespace resnet::conformance
