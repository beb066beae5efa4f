// The decoders behind read_image(). Each takes the whole file's bytes and a name for messages, and throws Error for
// whatever it cannot decode; none trusts a length or an offset of the file.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "resnet/data.h"

namespace resnet {

using Bytes = std::span<const uint8_t>;

/// What becomes of a JPEG file that ends early.
enum class Damage { refuse, keep_partial };

/// A picture as the file stores it, not yet turned.
struct Decoded {
  Tensor picture;       ///< u8 [H,W,3] RGB
  int orientation = 1;  ///< EXIF's, 1 to 8
};

/// Palettes and grey become RGB, 16-bit values keep their high byte, transparent pixels are laid on white.
Decoded decode_png(Bytes file, const std::string& name);
/// Grey, YCbCr, RGB, CMYK and YCCK (both inverted, as Adobe writes them) become RGB. A file that ends early is an error
/// or gives grey for what is missing; other damage that libjpeg can pass over is none.
Decoded decode_jpeg(Bytes file, const std::string& name, Damage damage = Damage::refuse);

/// A part of a JPEG file; nothing where the file must be decoded as a whole: to be turned, of four channels, without an end.
std::optional<PicturePart> decode_jpeg_part(Bytes file, const std::string& name, const ChoosePart& choose);

/// Transparent pixels are laid on white. Throws Error where this build has no libwebp.
Decoded decode_webp(Bytes file, const std::string& name);

/// u8 [n,4] RGBA -> u8 [n,3].
void lay_on_white(const uint8_t* rgba, int64_t n, uint8_t* rgb);

/// "PNG", "JPEG" or "WebP" by the first bytes; "" for anything else.
std::string_view picture_format(Bytes file);
/// The same by the end of a file's name, of any case.
std::string_view format_of_name(std::string_view name);

/// Any of these formats, by the first bytes, upright: u8 [H,W,3].
Tensor decode_image(Bytes file, const std::string& name, Damage damage = Damage::refuse);

/// Throws Error for pictures that would take hundreds of megabytes.
void check_dimensions(const std::string& name, uint64_t width, uint64_t height);

/// The orientation in a TIFF block ("II" or "MM" on), 1 where there is none or the block is malformed.
int exif_orientation(Bytes tiff);
/// Turns and mirrors a picture [H,W,3] so that it stands upright.
Tensor upright(const Tensor& picture, int orientation);

}  // namespace resnet
