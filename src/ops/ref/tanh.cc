#include "ops/tanh.h"

#include <cmath>

#include "ops/ref/smooth_activation.h"

namespace resnet::ref {
namespace {

struct TanhFunction {
  static double value(double v) { return std::tanh(v); }
  static double derivative(double y) { return 1 - y * y; }
};

const RegisterKernel registered{{"tanh", "ref", "ref", 0, accept_all, make_kernel<RefSmoothActivation<TanhFunction>>}};

}  // namespace
}  // namespace resnet::ref
