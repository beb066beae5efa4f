// Encodes a picture as a JPEG file in memory. libjpeg's errors are long jumps, caught where no C++ object is skipped.
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
// clang-format off
#include <jpeglib.h>  // needs <cstdio>
// clang-format on

#include "core/check.h"
#include "data/image_encode.h"

namespace resnet {

namespace {

struct JpegWriter {
  JpegWriter() {
    jpeg.err = jpeg_std_error(&errors);
    jpeg.client_data = this;
    errors.error_exit = fail;
    errors.emit_message = [](j_common_ptr, int) {};
  }
  ~JpegWriter() {
    jpeg_destroy_compress(&jpeg);
    std::free(bytes);
  }
  JpegWriter(const JpegWriter&) = delete;
  JpegWriter& operator=(const JpegWriter&) = delete;

  static void fail(j_common_ptr jpeg) {
    auto* self = static_cast<JpegWriter*>(jpeg->client_data);
    jpeg->err->format_message(jpeg, self->message);
    std::longjmp(self->escape, 1);
  }

  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  std::jmp_buf escape;
  char message[JMSG_LENGTH_MAX] = "";
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
};

// False: libjpeg failed.
bool write(JpegWriter& w, const uint8_t* pixels, int64_t height, int64_t width, int quality) {
  if (setjmp(w.escape) != 0) return false;
  jpeg_create_compress(&w.jpeg);
  jpeg_mem_dest(&w.jpeg, &w.bytes, &w.size);
  w.jpeg.image_width = static_cast<JDIMENSION>(width);
  w.jpeg.image_height = static_cast<JDIMENSION>(height);
  w.jpeg.input_components = 3;
  w.jpeg.in_color_space = JCS_RGB;
  jpeg_set_defaults(&w.jpeg);
  jpeg_set_quality(&w.jpeg, quality, TRUE);
  w.jpeg.comp_info[0].h_samp_factor = w.jpeg.comp_info[0].v_samp_factor = 1;
  w.jpeg.optimize_coding = TRUE;
  jpeg_start_compress(&w.jpeg, TRUE);
  while (w.jpeg.next_scanline < w.jpeg.image_height) {
    JSAMPROW row = const_cast<JSAMPROW>(pixels + static_cast<int64_t>(w.jpeg.next_scanline) * width * 3);
    jpeg_write_scanlines(&w.jpeg, &row, 1);
  }
  jpeg_finish_compress(&w.jpeg);
  return true;
}

}  // namespace

std::string encode_jpeg(const Tensor& image, int quality, const std::string& name) {
  const Shape& shape = image.shape();
  CHECK(shape.rank() == 3 && shape[2] == 3 && image.elements() > 0, name, ": a picture of shape ", shape,
        "; [height,width,3] was expected");
  JpegWriter w;
  CHECK(write(w, image.as<uint8_t>().data(), shape[0], shape[1], quality), "cannot encode ", name, ": ", w.message);
  return {reinterpret_cast<const char*>(w.bytes), w.size};
}

}  // namespace resnet
