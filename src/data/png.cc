// PNG files through libpng. Its errors are long jumps: they are caught where no C++ object is skipped, and become Error.
#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <vector>

#include "core/check.h"
#include "data/image_decode.h"

namespace resnet {

namespace {

struct PngReader {
  explicit PngReader(Bytes bytes) : file(bytes) {}
  ~PngReader() { png_destroy_read_struct(&png, &info, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  // Runs body(), which must hold no objects with destructors while it calls libpng. False: libpng failed.
  template <class Body> bool guarded(const Body& body) {
    if (setjmp(escape) != 0) return false;
    body();
    return true;
  }

  static void fail(png_structp png, png_const_charp message) {
    auto* self = static_cast<PngReader*>(png_get_error_ptr(png));
    std::strncpy(self->message, message, sizeof self->message - 1);
    std::longjmp(self->escape, 1);
  }
  static void ignore(png_structp, png_const_charp) {}
  static void read(png_structp png, png_bytep out, size_t count) {
    auto* self = static_cast<PngReader*>(png_get_io_ptr(png));
    if (count > self->file.size() - self->at) png_error(png, "the file ends early");
    std::memcpy(out, self->file.data() + self->at, count);
    self->at += count;
  }

  Bytes file;
  size_t at = 0;
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::jmp_buf escape;
  char message[128] = "";
};

// Reads up to the pixels.
bool read_header(PngReader& r) {
  return r.guarded([&] {
    png_set_user_limits(r.png, 0x7fffffff, 0x7fffffff);  // check_dimensions() decides
    png_set_read_fn(r.png, &r, PngReader::read);
    png_read_info(r.png, r.info);
  });
}

// Asks for 8-bit RGB or RGBA. Allocates rows: the dimensions must have been checked.
bool set_output(PngReader& r) {
  return r.guarded([&] {
    png_set_expand(r.png);
    png_set_strip_16(r.png);
    png_set_gray_to_rgb(r.png);
    png_set_interlace_handling(r.png);
    png_read_update_info(r.png, r.info);
  });
}

int orientation_of(const PngReader& r) {
  png_uint_32 length = 0;
  png_bytep block = nullptr;
  if (png_get_eXIf_1(r.png, r.info, &length, &block) == 0) return 1;
  return exif_orientation({block, length});
}

}  // namespace

Decoded decode_png(Bytes file, const std::string& name) {
  PngReader r(file);
  r.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r, PngReader::fail, PngReader::ignore);
  CHECK(r.png != nullptr, name, ": libpng cannot be started (out of memory, or another version than at build time)");
  r.info = png_create_info_struct(r.png);
  CHECK(r.info != nullptr, name, ": libpng is out of memory");
  CHECK(read_header(r), name, " is a damaged PNG file: ", r.message);
  const int64_t width = png_get_image_width(r.png, r.info), height = png_get_image_height(r.png, r.info);
  check_dimensions(name, static_cast<uint64_t>(width), static_cast<uint64_t>(height));
  constexpr uint64_t kMostInflation = 1032;  // of zlib's format
  CHECK(png_get_rowbytes(r.png, r.info) * static_cast<uint64_t>(height) <= kMostInflation * file.size(), name,
        " is a damaged PNG file: a picture of ", width, "x", height, " pixels is not in ", file.size(), " bytes");
  CHECK(set_output(r), name, " is a damaged PNG file: ", r.message);
  const int64_t channels = png_get_channels(r.png, r.info);
  CHECK(channels == 3 || channels == 4, name, ": a PNG file of ", channels, " channels");

  Decoded decoded{Tensor({height, width, 3}, DType::u8), orientation_of(r)};
  uint8_t* out = decoded.picture.as<uint8_t>().data();
  std::vector<uint8_t> rgba(channels == 4 ? static_cast<size_t>(height * width * 4) : 0);
  uint8_t* target = channels == 4 ? rgba.data() : out;
  std::vector<uint8_t*> rows(static_cast<size_t>(height));
  for (size_t y = 0; y < rows.size(); ++y) rows[y] = target + static_cast<int64_t>(y) * width * channels;
  CHECK(r.guarded([&] { png_read_image(r.png, rows.data()); }), name, " is a damaged PNG file: ", r.message);
  if (channels == 4) lay_on_white(rgba.data(), height * width, out);
  return decoded;
}

}  // namespace resnet
