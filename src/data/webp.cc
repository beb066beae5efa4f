// WebP files through libwebp; a build without it says what to install.
#include <cstring>
#include <optional>
#include <vector>
#ifdef RESNET_WEBP
#include <webp/decode.h>
#endif

#include "core/check.h"
#include "data/image_decode.h"

namespace resnet {

#ifdef RESNET_WEBP

namespace {

// What a chunk of the RIFF container holds: "EXIF" and the like; nothing where there is none or the file ends before.
std::optional<Bytes> find_chunk(Bytes file, const char* kind) {
  size_t at = 12;  // behind "RIFF", the length and "WEBP"
  while (file.size() >= at + 8) {
    const uint8_t* head = file.data() + at;
    const uint64_t length = head[4] | head[5] << 8 | head[6] << 16 | static_cast<uint64_t>(head[7]) << 24;
    if (length > file.size() - at - 8) return {};
    if (std::memcmp(head, kind, 4) == 0) return file.subspan(at + 8, length);
    at += 8 + length + length % 2;
  }
  return {};
}

int orientation_of(Bytes file) {
  const std::optional<Bytes> exif = find_chunk(file, "EXIF");
  if (!exif) return 1;
  const bool prefixed = exif->size() >= 6 && std::memcmp(exif->data(), "Exif\0", 6) == 0;
  return exif_orientation(exif->subspan(prefixed ? 6 : 0));
}

}  // namespace

Decoded decode_webp(Bytes file, const std::string& name) {
  WebPBitstreamFeatures features;
  CHECK(WebPGetFeatures(file.data(), file.size(), &features) == VP8_STATUS_OK, name, " is a damaged WebP file");
  CHECK(features.has_animation == 0, name, " is an animated WebP file; only pictures can be read: extract one");
  const int64_t width = features.width, height = features.height;
  check_dimensions(name, static_cast<uint64_t>(width), static_cast<uint64_t>(height));
  Decoded decoded{Tensor({height, width, 3}, DType::u8), orientation_of(file)};
  uint8_t* out = decoded.picture.as<uint8_t>().data();
  const bool alpha = features.has_alpha != 0;
  std::vector<uint8_t> rgba(alpha ? static_cast<size_t>(height * width * 4) : 0);
  const int stride = static_cast<int>(width) * (alpha ? 4 : 3);
  const uint8_t* done =
      alpha ? WebPDecodeRGBAInto(file.data(), file.size(), rgba.data(), rgba.size(), stride)
            : WebPDecodeRGBInto(file.data(), file.size(), out, static_cast<size_t>(height * stride), stride);
  CHECK(done != nullptr, name, " is a damaged WebP file, or it ends early");
  if (alpha) lay_on_white(rgba.data(), height * width, out);
  return decoded;
}

#else

Decoded decode_webp(Bytes, const std::string& name) {
  throw Error(join(name, " is a WebP file, and this build has no libwebp: install libwebp-dev and build again, ",
                   "or convert the file to PNG or JPEG"));
}

#endif

}  // namespace resnet
