// A map of values in [0, 1] as colours over a picture.
#pragma once

#include "resnet/data.h"

namespace resnet {

/// u8 [H,W,3]: `image` with `map`, f32 [h,w], laid over the part of it that `fit` cuts out, interpolated. What lies outside
/// of that part is darkened. Colours rise in lightness from black over red to yellow, and cover the more the larger the value.
Tensor heat_overlay(const Tensor& image, const Tensor& map, const Fit& fit);

}  // namespace resnet
