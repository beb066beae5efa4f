// ONNX files as weights of our networks, and back.
#pragma once

#include <string>

#include "resnet/checkpoint.h"

namespace resnet {

bool is_onnx(const std::string& path);  ///< by the end of the name
/// A checkpoint's tensors and texts: the network is recognised from its form. Throws Error where it is none of ours.
SafetensorsFile read_onnx(const std::string& path, const std::string& model);
/// The network, with its batch norms or folded. Throws Error for the state of a training.
void write_onnx(const std::string& path, const SafetensorsFile& weights, bool fold);

}  // namespace resnet
