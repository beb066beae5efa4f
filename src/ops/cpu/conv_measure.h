// Which implementation of a convolution's pass is the fastest here, by running them.
#pragma once

#include <vector>

#include "ops/cpu/conv_pass.h"

namespace resnet {

/// The fastest of the candidates (best rank first), the first unless another is faster by more than a twentieth.
const ConvPassEntry* fastest_conv_pass(const ConvCase& c, const std::vector<const ConvPassEntry*>& candidates);

}  // namespace resnet
