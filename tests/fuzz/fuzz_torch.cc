// Fuzz target: both formats of torch.save.
#include "io/torch_legacy.h"
#include "touch.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return resnet::fuzz([&] { resnet::touch(resnet::parse_torch({data, size}, nullptr, "f").tensors); });
}
