// The one EXIF field that changes what a picture shows: its orientation.
#include <cstring>
#include <optional>

#include "data/image_decode.h"

namespace resnet {

namespace {

constexpr uint32_t kOrientationTag = 0x0112, kShort = 3;

// Reads numbers of a TIFF block in its byte order; nothing where the block ends before.
struct Tiff {
  Bytes bytes;
  bool little;

  std::optional<uint32_t> number(uint64_t at, int length) const {
    if (at + static_cast<uint64_t>(length) > bytes.size()) return {};
    uint32_t value = 0;
    for (int k = 0; k < length; ++k) {
      const uint32_t byte = bytes[at + static_cast<uint64_t>(little ? length - 1 - k : k)];
      value = value << 8 | byte;
    }
    return value;
  }
};

}  // namespace

int exif_orientation(Bytes bytes) {
  if (bytes.size() < 8) return 1;
  const bool little = std::memcmp(bytes.data(), "II*\0", 4) == 0;
  if (!little && std::memcmp(bytes.data(), "MM\0*", 4) != 0) return 1;
  const Tiff tiff{bytes, little};
  const uint64_t directory = *tiff.number(4, 4);
  const uint64_t entries = tiff.number(directory, 2).value_or(0);
  for (uint64_t e = 0; e < entries; ++e) {
    const uint64_t at = directory + 2 + 12 * e;
    if (tiff.number(at, 2) != kOrientationTag || tiff.number(at + 2, 2) != kShort) continue;
    const uint32_t value = tiff.number(at + 8, 2).value_or(1);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

Tensor upright(const Tensor& picture, int orientation) {
  if (orientation <= 1 || orientation > 8) return picture;
  const int64_t height = picture.shape()[0], width = picture.shape()[1];
  const bool transposed = orientation >= 5;
  // Whether the stored rows and columns run backwards (TIFF 6.0, section 8).
  const bool from_bottom = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  const bool from_right = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  Tensor turned = transposed ? Tensor({width, height, 3}, DType::u8) : Tensor({height, width, 3}, DType::u8);
  const uint8_t* x = picture.as<uint8_t>().data();
  uint8_t* y = turned.as<uint8_t>().data();
  for (int64_t r = 0; r < turned.shape()[0]; ++r)
    for (int64_t c = 0; c < turned.shape()[1]; ++c, y += 3) {
      int64_t row = transposed ? c : r, column = transposed ? r : c;
      if (transposed ? from_right : from_bottom) row = height - 1 - row;
      if (transposed ? from_bottom : from_right) column = width - 1 - column;
      std::memcpy(y, x + (row * width + column) * 3, 3);
    }
  return turned;
}

}  // namespace resnet
