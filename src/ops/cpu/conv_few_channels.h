// What the bf16 kernels for 3x3 convolutions of few channels take.
#pragma once

#include <string>

#include "ops/cpu/conv_pass.h"

namespace resnet {

/// Empty for a 3x3 convolution without stride of 16 or 32 channels in bf16, on processors for which these kernels are made;
/// else the reason why not.
std::string reject_few_channels(const ConvCase& c);

}  // namespace resnet
