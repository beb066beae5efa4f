// Tensors and texts in any of the formats that are read and written. What the names mean is for others to say.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "resnet/checkpoint.h"

namespace resnet {

/// Written by torch.save: the zip format and the legacy one. Of a dict of dicts the weights are taken ("state_dict",
/// "model", …); `notes` of the result say what was left out. Throws Error for damaged and hostile files.
SafetensorsFile read_torch(const std::string& path);
/// A zip that torch.load(weights_only=True) reads as a dict of tensors; metadata and the tensors that are not the network's
/// stand in a member of their own, which PyTorch passes over.
void write_torch(const std::string& path, const SafetensorsFile& weights);

}  // namespace resnet
