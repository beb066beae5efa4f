// Weights are computed with in f32, whatever a file holds them in.
#pragma once

#include "resnet/tensor.h"

namespace resnet {

/// The value of an IEEE half.
float f16_to_f32(uint16_t v);
/// The same elements in f32: the tensor itself (shared storage) where it is f32 already, else a converted copy.
Tensor to_f32(const Tensor& tensor);

}  // namespace resnet
