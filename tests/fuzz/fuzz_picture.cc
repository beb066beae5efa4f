// Fuzz target: PNG, JPEG and WebP files, those that end early refused and kept, and parts of JPEG files.
#include "data/image_decode.h"
#include "touch.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  for (const resnet::Damage damage : {resnet::Damage::refuse, resnet::Damage::keep_partial})
    resnet::fuzz([&] { resnet::touch(resnet::decode_image({data, size}, "f", damage)); });
  return resnet::fuzz([&] {
    if (resnet::picture_format({data, size}) != "JPEG") return;
    const auto middle = [](int64_t height, int64_t width) {
      return resnet::Rectangle{height / 3, width / 3, (height + 2) / 3, (width + 2) / 3};
    };
    if (const auto part = resnet::decode_jpeg_part({data, size}, "f", middle)) resnet::touch(part->pixels);
  });
}
