// Picture files of every kind against stored pixels, and damaged ones: always a picture or an Error, never a crash.
#include <gtest/gtest.h>

#include "data/fixtures.h"
#include "data/image_decode.h"
#include "data/image_encode.h"

namespace resnet {
namespace {

TEST(ReadImage, PngOfEveryKind) {
  for (const char* name : {"rgb", "interlaced", "rgb16", "grey", "grey1", "grey4", "grey16", "grey_alpha", "rgba",
                           "palette", "palette_alpha", "gamma"}) {
    const std::string file = golden(std::string(name) + ".png");
    EXPECT_EQ(largest_difference(read_image(file), read_ppm(file + ".ppm")), 0) << name;
  }
}

// Decoders of different versions may round differently.
TEST(ReadImage, JpegOfEveryKind) {
  for (const char* name :
       {"rgb", "full_colour", "progressive", "grey", "cmyk", "ycck", "stored_rgb", "progressive_cmyk"}) {
    const std::string file = golden(std::string(name) + ".jpg");
    EXPECT_LE(largest_difference(read_image(file), read_ppm(file + ".ppm")), 1) << name;
  }
}

TEST(ReadImage, TurnsByExif) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const std::string file = golden("exif" + std::to_string(orientation) + ".jpg");
    const Tensor picture = read_image(file);
    EXPECT_EQ(picture.shape(), orientation < 5 ? Shape({16, 24, 3}) : Shape({24, 16, 3}));
    EXPECT_LE(largest_difference(picture, read_ppm(file + ".ppm")), 1) << orientation;
  }
}

bool without_webp() {
  return error_of([] { read_image(golden("lossy.webp")); }).find("this build has no libwebp: install libwebp-dev") !=
         std::string::npos;
}

TEST(ReadImage, WebpOfEveryKind) {
  if (without_webp()) GTEST_SKIP() << "a build without libwebp";
  for (const char* name : {"lossless", "alpha"}) {
    const std::string file = golden(std::string(name) + ".webp");
    EXPECT_EQ(largest_difference(read_image(file), read_ppm(file + ".ppm")), 0) << name;
  }
  for (const char* name : {"lossy", "exif6"}) {
    const std::string file = golden(std::string(name) + ".webp");
    EXPECT_LE(largest_difference(read_image(file), read_ppm(file + ".ppm")), 1) << name;
  }
  EXPECT_NE(error_of([] { read_image(golden("animated.webp")); }).find("is an animated WebP file"), std::string::npos);
}

// What there is of a file that ends early is as in the whole one; the rest is grey.
TEST(ReadImage, KeepsTheBeginningOfTruncatedJpeg) {
  for (const char* name : {"rgb.jpg", "cmyk.jpg", "progressive.jpg"}) {
    const std::string whole = get_file(golden(name)), half = whole.substr(0, whole.size() * 93 / 100);
    const auto decode = [](const std::string& file, Damage damage) {
      return decode_image({reinterpret_cast<const uint8_t*>(file.data()), file.size()}, "x", damage);
    };
    EXPECT_NE(error_of([&] { decode(half, Damage::refuse); }).find("Premature end of JPEG file"), std::string::npos);
    const Tensor want = decode(whole, Damage::refuse), got = decode(half, Damage::keep_partial);
    ASSERT_EQ(got.shape(), want.shape());
    const bool by_scans = std::string(name) == "progressive.jpg";  // the whole picture, less sharp
    const size_t compared = by_scans ? want.bytes() : 8 * 26 * 3;
    int64_t difference = 0;
    for (size_t i = 0; i < compared; ++i) difference += std::abs(got.as<uint8_t>()[i] - want.as<uint8_t>()[i]);
    EXPECT_LE(difference, by_scans ? 20 * int64_t(compared) : 0) << name;
  }
}

TEST(ReadImage, GoesByContentNotByName) {
  const TempFolder folder;
  put_file(folder / "photo.png", get_file(golden("rgb.jpg")));
  EXPECT_EQ(read_image(folder / "photo.png").shape(), Shape({19, 26, 3}));
}

TEST(ReadImage, NamesFileAndReason) {
  const TempFolder folder;
  const auto complaint = [&](const std::string& bytes) {
    put_file(folder / "x", bytes);
    return error_of([&] { read_image(folder / "x"); });
  };
  EXPECT_NE(error_of([&] { read_image(folder / "none.png"); }).find("none.png: No such file"), std::string::npos);
  EXPECT_NE(error_of([&] { read_image(folder.path()); }).find("not a regular file"), std::string::npos);
  EXPECT_EQ(complaint(""), (folder / "x") + " is empty");
  EXPECT_EQ(complaint("hello"), (folder / "x") + " is neither a PNG nor a JPEG nor a WebP file");
  EXPECT_NE(complaint("GIF89a").find("is a GIF file"), std::string::npos);
  const std::string png = get_file(golden("rgb.png")), jpeg = get_file(golden("rgb.jpg"));
  EXPECT_NE(complaint(png.substr(0, png.size() / 2)).find("x is a damaged PNG file: "), std::string::npos);
  EXPECT_NE(complaint(jpeg.substr(0, jpeg.size() / 2)).find("x is a damaged JPEG file: Premature end"),
            std::string::npos);
}

TEST(ReadImage, RefusesAbsurdDimensions) {
  const TempFolder folder;
  // A header that promises 2,000,000,000 x 2,000,000,000 pixels (its checksum is right).
  const char header[] =
      "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\x77\x35\x94\0\x77\x35\x94\0\x08\x02\0\0\0\xd4\x42\xf3\x71"
      "\0\0\0\0IDAT\x35\xaf\x06\x1e";
  put_file(folder / "bomb.png", std::string_view(header, sizeof header - 1));
  const std::string complaint = error_of([&] { read_image(folder / "bomb.png"); });
  EXPECT_NE(complaint.find("2000000000x2000000000 pixels"), std::string::npos) << complaint;

  std::string jpeg = get_file(golden("rgb.jpg"));
  const size_t frame = jpeg.find("\xff\xc0");
  ASSERT_NE(frame, std::string::npos);
  jpeg.replace(frame + 5, 4, "\xff\xdc\xff\xdc");
  put_file(folder / "bomb.jpg", jpeg);
  EXPECT_NE(error_of([&] { read_image(folder / "bomb.jpg"); }).find("65500x65500"), std::string::npos);
  jpeg.replace(frame + 5, 4, "\x20\x01\x20\x01");  // few enough, but not in a file of this size
  put_file(folder / "bomb.jpg", jpeg);
  EXPECT_NE(error_of([&] { read_image(folder / "bomb.jpg"); }).find("8193x8193 pixels is not in"), std::string::npos);
}

TEST(ReadImage, BlankPicturesMayBeLarge) {
  const TempFolder folder;
  const Tensor blank({2000, 3000, 3}, DType::u8);
  write_png(folder / "blank.png", blank);
  EXPECT_EQ(largest_difference(read_image(folder / "blank.png"), blank), 0);
  put_file(folder / "blank.jpg", encode_jpeg(blank, 50, "blank"));
  EXPECT_LE(largest_difference(read_image(folder / "blank.jpg"), blank), 1);
}

// Every length and many changed bytes. Under a sanitizer this also finds leaks and reads out of bounds.
TEST(ReadImage, SurvivesDamage) {
  const TempFolder folder;
  for (const char* name : {"interlaced.png", "palette_alpha.png", "progressive.jpg", "cmyk.jpg", "exif6.jpg",
                           "exif6.webp", "alpha.webp"}) {
    if (std::string(name).ends_with(".webp") && without_webp()) continue;
    const std::string whole = get_file(golden(name));
    Rng rng(1);
    for (size_t round = 0; round < 120; ++round) {
      std::string bytes = whole;
      if (round % 2 == 0) {
        bytes.resize(round * whole.size() / 120);
      } else {
        for (int k = 0; k < 4; ++k) bytes[rng.below(uint32_t(bytes.size()))] = static_cast<char>(rng.next());
      }
      put_file(folder / "damaged", bytes);
      try {
        EXPECT_EQ(read_image(folder / "damaged").shape()[2], 3);
      } catch (const Error& e) {
        const std::string why = e.what();
        EXPECT_TRUE(why.find("is a") != std::string::npos || why.find("is neither") != std::string::npos ||
                    why.ends_with("is empty"))
            << why;
      }
    }
  }
}

TEST(WritePng, ReadsBackAndReportsFailure) {
  const TempFolder folder;
  const Tensor picture = read_ppm(golden("rgb.png.ppm"));
  write_png(folder / "y.png", picture);
  EXPECT_EQ(largest_difference(read_image(folder / "y.png"), picture), 0);
  EXPECT_NE(error_of([&] { write_png(folder / "no/y.png", picture); }).find("cannot write"), std::string::npos);
  EXPECT_NE(error_of([&] { write_png(folder / "y.png", Tensor({3, 4}, DType::u8)); }).find("[3,4]"), std::string::npos);
  if (std::filesystem::exists("/dev/full")) {
    EXPECT_NE(error_of([&] { write_png("/dev/full", picture); }).find("No space left"), std::string::npos);
    EXPECT_TRUE(std::filesystem::exists("/dev/full"));
  }
}

}  // namespace
}  // namespace resnet
