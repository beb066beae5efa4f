// The header of a .safetensors file: JSON that gives every tensor's dtype, shape and place. Reading trusts nothing: a
// header that was accepted describes tensors that lie inside the file, do not overlap and leave no hole.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "resnet/tensor.h"

namespace resnet {

struct SafetensorsEntry {
  DType dtype = DType::f32;
  Shape shape;
  uint64_t begin = 0, end = 0;  ///< bytes from the start of the data
};

struct SafetensorsHeader {
  std::map<std::string, SafetensorsEntry> entries;
  std::map<std::string, std::string> metadata;
};

/// The largest header that the format allows, in bytes.
inline constexpr uint64_t kMaxSafetensorsHeader = 100'000'000;

/// `text` is the JSON, `data_bytes` what follows it in the file, `file` the name for messages. Throws Error.
SafetensorsHeader parse_safetensors_header(std::string_view text, uint64_t data_bytes, const std::string& file);
/// JSON, padded with spaces so that the data, after the 8 bytes of the length, start at a multiple of 64: a tensor that is
/// mapped then lies as well aligned as one in memory of its own.
std::string format_safetensors_header(const SafetensorsHeader& header);

}  // namespace resnet
