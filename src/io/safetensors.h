// Safetensors in memory: for files that are mapped, and for those that hold one as a part of themselves.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "resnet/checkpoint.h"

namespace resnet {

/// The tensors are views of `bytes`, which `owner` keeps alive. `file` is the name for messages. Throws Error.
SafetensorsFile parse_safetensors(std::span<const uint8_t> bytes, const std::shared_ptr<void>& owner,
                                  const std::string& file);
/// The whole file in memory: for few and small tensors.
std::string format_safetensors(const StateDict& tensors, const std::map<std::string, std::string>& metadata);

}  // namespace resnet
