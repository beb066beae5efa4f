// Random Erasing (Zhong et al., arXiv 1708.04896), with torchvision's ranges: 2 to 33 % of the area, sides 0.3 to 3.3.
#pragma once

#include <cstdint>

#include "core/rng.h"

namespace resnet {

/// With the given probability, a rectangle of f32 [size,size,3] (normalised) becomes zero.
void erase(float* picture, int64_t size, float probability, Rng& rng);

}  // namespace resnet
