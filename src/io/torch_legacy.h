// The format of torch.save before version 1.6: five pickles, then the raw storages.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "resnet/checkpoint.h"

namespace resnet {

bool is_torch_legacy(std::span<const uint8_t> bytes);
/// The tensors are views of `bytes` where they lie suitably. Throws Error.
SafetensorsFile parse_torch_legacy(std::span<const uint8_t> bytes, const std::shared_ptr<void>& owner,
                                   const std::string& file);
/// Either format; see read_torch.
SafetensorsFile parse_torch(std::span<const uint8_t> bytes, const std::shared_ptr<void>& owner,
                            const std::string& file);

}  // namespace resnet
