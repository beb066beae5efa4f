#include "ops/sigmoid.h"

#include "ops/cpu/smooth_activation.h"

namespace resnet {

namespace {

struct SigmoidFunction {
  static float value(float v) { return 1.0f / (1.0f + std::exp(-v)); }
  static float derivative(float y) { return y * (1.0f - y); }
};

const RegisterKernel registered{
    {"sigmoid", "cpu", "own", 10, accept_all, make_kernel<CpuSmoothActivation<SigmoidFunction>>}};

}  // namespace

}  // namespace resnet
