// JPEG files through libjpeg(-turbo), with the decoder settings of Pillow. Its errors are long jumps: they are caught
// where no C++ object is skipped, and become Error.
#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <vector>
// clang-format off
#include <jpeglib.h>  // needs <cstdio>
#include <jerror.h>   // needs jpeglib.h
// clang-format on

#include "core/check.h"
#include "data/image_decode.h"

namespace resnet {

namespace {

constexpr int kMaxScans = 500;  // of a progressive file; real ones have about ten

struct JpegReader {
  JpegReader() {
    jpeg.err = jpeg_std_error(&errors);
    jpeg.client_data = this;
    errors.error_exit = fail;
    errors.emit_message = note;
    progress.progress_monitor = watch;
  }
  ~JpegReader() { jpeg_destroy_decompress(&jpeg); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  // Runs body(), which must hold no objects with destructors while it calls libjpeg. False: libjpeg failed.
  template <class Body> bool guarded(const Body& body) {
    if (setjmp(escape) != 0) return false;
    body();
    return true;
  }

  static JpegReader& of(j_common_ptr jpeg) { return *static_cast<JpegReader*>(jpeg->client_data); }
  static void fail(j_common_ptr jpeg) {
    jpeg->err->format_message(jpeg, of(jpeg).message);
    std::longjmp(of(jpeg).escape, 1);
  }
  // libjpeg would go on with grey where the file ends early.
  static void note(j_common_ptr jpeg, int level) {
    if (level < 0 && jpeg->err->msg_code == JWRN_JPEG_EOF && of(jpeg).damage == Damage::refuse) fail(jpeg);
  }
  static void watch(j_common_ptr jpeg) {
    JpegReader& self = of(jpeg);
    if (self.jpeg.input_scan_number <= kMaxScans) return;
    std::snprintf(self.message, sizeof self.message, "more than %d scans", kMaxScans);
    std::longjmp(self.escape, 1);
  }

  Damage damage = Damage::refuse;
  jpeg_decompress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf escape;
  char message[JMSG_LENGTH_MAX] = "";
};

bool read_header(JpegReader& r, Bytes file) {
  return r.guarded([&] {
    jpeg_create_decompress(&r.jpeg);
    r.jpeg.progress = &r.progress;
    jpeg_mem_src(&r.jpeg, file.data(), file.size());
    jpeg_save_markers(&r.jpeg, JPEG_APP0 + 1, 0xffff);  // EXIF
    jpeg_read_header(&r.jpeg, TRUE);
  });
}

// A block of 8x8 values takes a bit at least, and there are never more than 128 pixels to a block: what has more than this is
// a damaged header, or a file that ends long before its picture does. Arithmetic coding knows no such limit.
void check_size(const jpeg_decompress_struct& jpeg, Bytes file, const std::string& name) {
  constexpr uint64_t kMostPixelsPerByte = 8 * 128;
  const uint64_t width = jpeg.image_width, height = jpeg.image_height;
  check_dimensions(name, width, height);
  CHECK(jpeg.arith_code || width * height <= kMostPixelsPerByte * file.size(), name,
        " is a damaged JPEG file: a picture of ", width, "x", height, " pixels is not in ", file.size(), " bytes");
}

// Inverted C, M, Y, K -> RGB, with Pillow's rounding.
void cmyk_to_rgb(const uint8_t* in, int64_t n, uint8_t* out) {
  for (int64_t i = 0; i < n; ++i, in += 4)
    for (int c = 0; c < 3; ++c) {
      const int product = (255 - in[c]) * in[3] + 128;
      *out++ = static_cast<uint8_t>(in[3] - (((product >> 8) + product) >> 8));
    }
}

// `cmyk` holds one row where the file has four channels.
bool read_pixels(JpegReader& r, bool four, uint8_t* cmyk, uint8_t* out) {
  return r.guarded([&] {
    r.jpeg.out_color_space = four ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(&r.jpeg);
    const int64_t width = r.jpeg.output_width;
    while (r.jpeg.output_scanline < r.jpeg.output_height) {
      JSAMPROW row = four ? cmyk : out;
      jpeg_read_scanlines(&r.jpeg, &row, 1);
      if (four) cmyk_to_rgb(cmyk, width, out);
      out += width * 3;
    }
  });
}

int orientation_of(const JpegReader& r) {
  constexpr size_t kPrefix = 6;  // "Exif" and two zeros
  for (const jpeg_marker_struct* m = r.jpeg.marker_list; m != nullptr; m = m->next)
    if (m->data_length > kPrefix && std::memcmp(m->data, "Exif\0", kPrefix) == 0)
      return exif_orientation({m->data + kPrefix, m->data_length - kPrefix});
  return 1;
}

// Whether the file has an end marker behind `from`; compressed data hold none.
bool has_end(Bytes file, size_t from) {
  for (size_t at = file.size(); at > from + 1; --at)
    if (file[at - 2] == 0xff && file[at - 1] == JPEG_EOI) return true;
  return false;
}

// What is decoded for a part: more than asked for on each side, because colour is interpolated between neighbours and
// differently at the picture's edges, and pictures are cut at whole blocks.
Rectangle widened(const Rectangle& wanted, int64_t height, int64_t width) {
  constexpr int64_t kMargin = 2 * 8 * 4;  // two of the largest blocks
  const int64_t top = std::max<int64_t>(0, wanted.top - kMargin), left = std::max<int64_t>(0, wanted.left - kMargin);
  return {top, left, std::min(height, wanted.top + wanted.height) - top,
          std::min(width, wanted.left + wanted.width + kMargin) - left};
}

// Begins with the rows and columns of `part`, which becomes what is really decoded. Its pixels must be read then.
bool start_part(JpegReader& r, Rectangle& part) {
  return r.guarded([&] {
    r.jpeg.out_color_space = JCS_RGB;
    jpeg_start_decompress(&r.jpeg);
    auto left = static_cast<JDIMENSION>(part.left), width = static_cast<JDIMENSION>(part.width);
    jpeg_crop_scanline(&r.jpeg, &left, &width);
    part.left = left;
    part.width = width;
    if (part.top > 0) jpeg_skip_scanlines(&r.jpeg, static_cast<JDIMENSION>(part.top));
  });
}

bool read_rows(JpegReader& r, int64_t count, int64_t stride, uint8_t* out) {
  return r.guarded([&] {
    for (int64_t y = 0; y < count; ++y, out += stride) {
      JSAMPROW row = out;
      jpeg_read_scanlines(&r.jpeg, &row, 1);
    }
  });
}

}  // namespace

std::optional<PicturePart> decode_jpeg_part(Bytes file, const std::string& name, const ChoosePart& choose) {
  JpegReader r;
  if (!read_header(r, file) || orientation_of(r) != 1 || r.jpeg.num_components == 4 ||
      !has_end(file, file.size() - r.jpeg.src->bytes_in_buffer))
    return std::nullopt;
  check_size(r.jpeg, file, name);
  const int64_t height = r.jpeg.image_height, width = r.jpeg.image_width;
  Rectangle part = widened(choose(height, width), height, width);
  CHECK(start_part(r, part), name, " is a damaged JPEG file: ", r.message);
  PicturePart decoded{Tensor({part.height, part.width, 3}, DType::u8), part.top, part.left, height, width};
  CHECK(read_rows(r, part.height, part.width * 3, decoded.pixels.as<uint8_t>().data()), name,
        " is a damaged JPEG file: ", r.message);
  return decoded;
}

Decoded decode_jpeg(Bytes file, const std::string& name, Damage damage) {
  JpegReader r;
  r.damage = damage;
  CHECK(read_header(r, file), name, " is a damaged JPEG file: ", r.message);
  check_size(r.jpeg, file, name);
  const int64_t height = r.jpeg.image_height, width = r.jpeg.image_width;
  Decoded decoded{Tensor({height, width, 3}, DType::u8), orientation_of(r)};
  const bool four = r.jpeg.jpeg_color_space == JCS_CMYK || r.jpeg.jpeg_color_space == JCS_YCCK;
  std::vector<uint8_t> cmyk(four ? static_cast<size_t>(width * 4) : 0);
  uint8_t* out = decoded.picture.as<uint8_t>().data();
  CHECK(read_pixels(r, four, cmyk.data(), out), name, " is a damaged JPEG file: ", r.message);
  return decoded;
}

}  // namespace resnet
