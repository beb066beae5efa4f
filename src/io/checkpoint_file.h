// Between a checkpoint and the tensors and texts that a file of any format holds.
#pragma once

#include <string>

#include "resnet/checkpoint.h"

namespace resnet {

/// True when the metadata are those of a checkpoint of ours.
bool is_checkpoint(const SafetensorsFile& file);
/// `path` is the name for messages. Throws Error for another kind, a newer format version, missing entries.
Checkpoint parse_checkpoint(const SafetensorsFile& file, const std::string& path);
SafetensorsFile format_checkpoint(const Checkpoint& checkpoint);

}  // namespace resnet
