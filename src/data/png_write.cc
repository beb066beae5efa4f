// Writes a picture as a PNG file: encoded in memory first, so that only the file system can fail halfway.
#include <png.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/check.h"
#include "data/image_encode.h"
#include "resnet/data.h"

namespace resnet {

namespace {

// libpng's own writing to a file removes what it could not write, be it a device.
void write_bytes(const std::string& path, const std::string& bytes) {
  errno = 0;
  std::ofstream out(path, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (out) return;
  const std::string reason = std::strerror(errno);
  std::error_code ignored;
  if (std::filesystem::is_regular_file(path, ignored)) std::filesystem::remove(path, ignored);
  throw Error(join("cannot write ", path, ": ", reason));
}

}  // namespace

std::string encode_png(const Tensor& image, const std::string& name) {
  const Shape& shape = image.shape();
  CHECK(shape.rank() == 3 && shape[2] == 3 && image.elements() > 0, name, ": a picture of shape ", shape,
        "; [height,width,3] was expected");
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.height = static_cast<png_uint_32>(shape[0]);
  header.width = static_cast<png_uint_32>(shape[1]);
  header.format = PNG_FORMAT_RGB;
  std::string bytes(PNG_IMAGE_PNG_SIZE_MAX(header), '\0');
  png_alloc_size_t used = bytes.size();
  const int encoded =
      png_image_write_to_memory(&header, bytes.data(), &used, 0, image.as<uint8_t>().data(), 0, nullptr);
  CHECK(encoded != 0, "cannot encode ", name, ": ", header.message);
  bytes.resize(used);
  return bytes;
}

void write_png(const std::string& path, const Tensor& image) { write_bytes(path, encode_png(image, path)); }

}  // namespace resnet
