// Tensors and texts in any of the formats that are read and written. What the names mean is for others to say.
#pragma once

#include <string>

#include "resnet/checkpoint.h"

namespace resnet {

/// Reads a file of any format but ONNX, recognised by what is in it: safetensors, torch.save (both formats), or a folder as
/// Hugging Face and timm make it. Throws Error for everything else, naming the format where it is a known one.
SafetensorsFile read_weights(const std::string& path);
/// Writes atomically, in the format that the name's end says: .safetensors, .pth, .pt, .th, or nothing (a folder).
/// Throws Error for what the format cannot hold.
void write_weights(const std::string& path, const SafetensorsFile& weights);

/// Written by torch.save: the zip format and the older one. Of a dict of dicts the weights are taken ("state_dict",
/// "model", …); `notes` of the result say what was left out. Throws Error for damaged and hostile files.
SafetensorsFile read_torch(const std::string& path);
/// A zip that torch.load(weights_only=True) reads as a dict of tensors; metadata and the tensors that are not the network's
/// stand in a member of their own, which PyTorch passes over.
void write_torch(const std::string& path, const SafetensorsFile& weights);

/// config.json beside model.safetensors (or pytorch_model.bin), of timm or of transformers. What the configuration says is
/// in the metadata, as far as it is said: "hint.model", "hint.classes" (JSON list), "hint.image_size", "hint.mean",
/// "hint.std" (JSON lists), "hint.habit" (as in NameMap).
SafetensorsFile read_weights_folder(const std::string& folder);
/// As timm reads it. Throws Error for training state and for a mean a pixel, which such a folder cannot hold.
void write_weights_folder(const std::string& folder, const SafetensorsFile& weights);

/// Throws Error when there is state of a training among the tensors or the metadata, which `what` cannot hold.
void check_no_training_state(const SafetensorsFile& weights, const std::string& what);

}  // namespace resnet
