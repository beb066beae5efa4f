// "1 thread", "2 threads".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace resnet {

/// The number and its noun, which takes an s in the plural.
inline std::string counted(int64_t n, std::string_view noun) {
  std::string text = std::to_string(n) + " " + std::string(noun);
  return n == 1 ? text : text + "s";
}

}  // namespace resnet
