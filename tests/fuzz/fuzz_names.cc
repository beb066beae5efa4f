// Fuzz target: names of tensors, one a line, through the name maps.
#include <string>

#include "io/name_map.h"
#include "touch.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return resnet::fuzz([&] {
    const resnet::Tensor tensor({1, 1, 1, 1});
    resnet::StateDict tensors;
    const std::string text(reinterpret_cast<const char*>(data), size);
    for (size_t at = 0; at < text.size();) {
      const size_t end = std::min(text.find('\n', at), text.size());
      tensors[text.substr(at, end - at)] = tensor;
      at = end + 1;
    }
    to_torchvision_names(tensors, "f");
  });
}
