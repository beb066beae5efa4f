#include "ops/sigmoid.h"

#include <cmath>

#include "ops/ref/smooth_activation.h"

namespace resnet::ref {
namespace {

struct SigmoidFunction {
  static double value(double v) { return 1 / (1 + std::exp(-v)); }
  static double derivative(double y) { return y * (1 - y); }
};

const RegisterKernel registered{
    {"sigmoid", "ref", "ref", 0, accept_all, make_kernel<RefSmoothActivation<SigmoidFunction>>}};

}  // namespace
}  // namespace resnet::ref
