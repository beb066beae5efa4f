// Fuzz target: safetensors files.
#include "io/safetensors.h"
#include "touch.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return resnet::fuzz([&] { resnet::touch(resnet::parse_safetensors({data, size}, nullptr, "f").tensors); });
}
