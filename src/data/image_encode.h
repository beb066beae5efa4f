// The encoders behind write_png() and packed data sets: u8 [H,W,3] -> the bytes of a file.
#pragma once

#include <string>

#include "resnet/tensor.h"

namespace resnet {

/// `name`: for messages.
std::string encode_png(const Tensor& image, const std::string& name);
/// Full colour resolution (4:4:4), as a picture that is made smaller deserves. `quality`: 1 to 100.
std::string encode_jpeg(const Tensor& image, int quality, const std::string& name);

}  // namespace resnet
