// Reads a picture file: finds out what it is by its first bytes (names lie), decodes it and sets it upright.
#include <algorithm>
#include <cctype>
#include <cstring>
#include <string_view>

#include "core/check.h"
#include "data/image_decode.h"
#include "data/mapped_file.h"
#include "resnet/data.h"

namespace resnet {

namespace {

constexpr uint64_t kMaxPixels = uint64_t{1} << 27;  // 400 MB as RGB

// A format that people may hand in, by the bytes at an offset.
struct Magic {
  size_t offset;
  std::string_view bytes;
  const char* name;
};

constexpr Magic kForeign[] = {
    {0, "GIF8", "a GIF"},       {0, "BM", "a BMP"},
    {0, "II*", "a TIFF"},       {0, std::string_view("MM\0*", 4), "a TIFF"},
    {4, "ftypavif", "an AVIF"}, {4, "ftyphei", "a HEIC"},
    {0, "%PDF", "a PDF"},       {0, "<svg", "an SVG"},
    {0, "\x1f\x8b", "a gzip"},  {0, "PK\x03\x04", "a zip"},
    {0, "P6", "a PPM"},         {0, "<!DOCTYPE", "an HTML"},
    {0, "<html", "an HTML"},
};

bool has(Bytes file, size_t offset, std::string_view magic) {
  return file.size() >= offset + magic.size() && std::memcmp(file.data() + offset, magic.data(), magic.size()) == 0;
}

[[noreturn]] void refuse(Bytes file, const std::string& path) {
  for (const Magic& m : kForeign)
    CHECK(!has(file, m.offset, m.bytes), path, " is ", m.name, " file; PNG, JPEG and WebP can be read: convert it");
  throw Error(join(path, " is neither a PNG nor a JPEG nor a WebP file"));
}

}  // namespace

void check_dimensions(const std::string& name, uint64_t width, uint64_t height) {
  CHECK(width > 0 && height > 0 && width <= kMaxPixels / height, name, " is a picture of ", width, "x", height,
        " pixels; at most ", kMaxPixels, " pixels in all can be read: scale it down");
}

void lay_on_white(const uint8_t* rgba, int64_t n, uint8_t* rgb) {
  for (int64_t i = 0; i < n; ++i, rgba += 4)
    for (int c = 0; c < 3; ++c) *rgb++ = static_cast<uint8_t>((rgba[c] * rgba[3] + 255 * (255 - rgba[3]) + 127) / 255);
}

std::string_view picture_format(Bytes file) {
  if (has(file, 0, "\x89PNG\r\n\x1a\n")) return "PNG";
  if (has(file, 0, "\xff\xd8\xff")) return "JPEG";
  if (has(file, 0, "RIFF") && has(file, 8, "WEBP")) return "WebP";
  return "";
}

std::string_view format_of_name(std::string_view name) {
  std::string end(name.substr(std::min(name.rfind('.'), name.size())));
  std::transform(end.begin(), end.end(), end.begin(), [](unsigned char c) { return std::tolower(c); });
  if (end == ".png") return "PNG";
  if (end == ".jpg" || end == ".jpeg") return "JPEG";
  if (end == ".webp") return "WebP";
  return "";
}

Tensor decode_image(Bytes file, const std::string& name, Damage damage) {
  CHECK(!file.empty(), name, " is empty");
  Decoded decoded;
  const std::string_view format = picture_format(file);
  if (format == "PNG")
    decoded = decode_png(file, name);
  else if (format == "JPEG")
    decoded = decode_jpeg(file, name, damage);
  else if (format == "WebP")
    decoded = decode_webp(file, name);
  else
    refuse(file, name);
  return upright(decoded.picture, decoded.orientation);
}

Tensor read_image(const std::string& path) {
  const MappedFile mapped(path);
  return decode_image(mapped.bytes(), path);
}

}  // namespace resnet
