// Fuzz target: PNG, JPEG and WebP files, those that end early refused and kept.
#include "data/image_decode.h"
#include "touch.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  for (const resnet::Damage damage : {resnet::Damage::refuse, resnet::Damage::keep_partial})
    resnet::fuzz([&] { resnet::touch(resnet::decode_image({data, size}, "f", damage)); });
  return 0;
}
