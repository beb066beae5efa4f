// The kernels of the op "conv" on the CPU: one that takes the best implementation for every pass, and for each
// implementation one that uses nothing else, for tests and comparisons.
#pragma once

#include <string>

namespace resnet {

/// Registers the kernel `name` that computes all its passes by the ConvPassEntry of that name.
void register_conv_kernel(const std::string& name, int rank);

}  // namespace resnet
