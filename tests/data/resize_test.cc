// Resizing gives Pillow's bytes.
#include "data/resize.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "data/fixtures.h"
#include "data/resize_loops.h"

namespace resnet {
namespace {

TEST(Resize, SameBytesAsPillow) {
  for (const char* name : {"landscape", "portrait", "square", "narrow"})
    for (int size : {13, 32, 50}) {
      const std::string base = golden(std::string("resize_") + name);
      const Tensor want = read_ppm(base + "_" + std::to_string(size) + ".ppm");
      EXPECT_EQ(largest_difference(resize_and_crop(read_ppm(base + ".ppm"), size), want), 0) << name << " " << size;
    }
}

// The picture of make_goldens.py's pattern().
Tensor pattern(int64_t height, int64_t width) {
  Tensor picture({height, width, 3}, DType::u8);
  uint8_t* out = picture.as<uint8_t>().data();
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x)
      for (int64_t c = 0; c < 3; ++c)
        *out++ = static_cast<uint8_t>(x * x * 7 + y * 13 + c * 31 + (x * y) % 17 * 5 + (x / 3 + y / 2) % 2 * 128);
  return picture;
}

Tensor resize_whole(const Tensor& picture, int64_t height, int64_t width, Interpolation interpolation) {
  const auto axis = [](int64_t in, int64_t out) { return Axis{in, static_cast<double>(in), out, 0, out}; };
  Tensor y({height, width, 3}, DType::u8);
  resize_window(picture.as<uint8_t>().data(), picture.shape()[1] * 3, axis(picture.shape()[0], height),
                axis(picture.shape()[1], width), interpolation, y.as<uint8_t>().data());
  return y;
}

TEST(Resize, SameDigestsAsPillow) {
  std::ifstream lines(golden("resize_digests.txt"));
  std::string what, filter;
  int64_t height = 0, width = 0, first = 0, second = 0, count = 0;
  for (uLong crc = 0; lines >> what >> height >> width >> first >> second >> filter >> crc; ++count) {
    const Interpolation interpolation = filter == "bicubic" ? Interpolation::bicubic : Interpolation::bilinear;
    const Tensor picture = pattern(height, width);
    const Tensor y = what == "fit" ? resize_and_crop(picture, {second, first, interpolation})
                                   : resize_whole(picture, first, second, interpolation);
    EXPECT_EQ(crc32(0, y.as<uint8_t>().data(), static_cast<uInt>(y.bytes())), crc)
        << what << " " << height << "x" << width << " to " << first << ", " << second << " " << filter;
  }
  EXPECT_EQ(count, 182);
}

// Whatever this processor takes by default.
TEST(Resize, LoopsGiveTheSameBytes) {
  const ResizeLoops plain{across_plain, down_plain}, &best = resize_loops();
  Rng rng(3);
  for (int64_t rows : {1, 2, 5, 40})
    for (int64_t width : {1, 2, 5, 6, 17, 50}) {
      const Tensor x = pattern(rows, width);
      Taps taps;
      taps.width = 8;
      for (int64_t i = 0; i < 30; ++i) {
        taps.length.push_back(1 + rng.below(uint32_t(std::min<int64_t>({rows, width, 7}))));
        taps.begin.push_back(rng.below(uint32_t(std::min(rows, width) - taps.length.back() + 1)));
        for (int64_t k = 0; k < taps.width; ++k) {
          const int32_t w = k < taps.length.back() ? int32_t(rng.below(1u << 20)) - (1 << 18) : 0;
          taps.weight.push_back(w);
          taps.high.push_back(int16_t(w >> kLowBits));
          taps.low.push_back(int16_t(w & ((1 << kLowBits) - 1)));
        }
      }
      Tensor want({30, rows, 3}, DType::u8), got({30, rows, 3}, DType::u8);
      plain.across(x.as<uint8_t>().data(), 0, rows, width * 3, taps, want.as<uint8_t>().data());
      best.across(x.as<uint8_t>().data(), 0, rows, width * 3, taps, got.as<uint8_t>().data());
      EXPECT_EQ(largest_difference(got, want), 0) << rows << "x" << width;
      Tensor want_down({30, width, 3}, DType::u8), got_down({30, width, 3}, DType::u8);
      plain.down(x.as<uint8_t>().data(), 0, width * 3, width * 3, taps, want_down.as<uint8_t>().data());
      best.down(x.as<uint8_t>().data(), 0, width * 3, width * 3, taps, got_down.as<uint8_t>().data());
      EXPECT_EQ(largest_difference(got_down, want_down), 0) << rows << "x" << width;
    }
}

TEST(Resize, TakesOnePixelAndLongStrips) {
  Tensor dot({1, 1, 3}, DType::u8);
  dot.as<uint8_t>()[1] = 77;
  EXPECT_EQ(resize_and_crop(dot, 32).as<uint8_t>()[3 * 500 + 1], 77);
  EXPECT_EQ(resize_and_crop(Tensor({1, 200000, 3}, DType::u8), 32).shape(), Shape({32, 32, 3}));
  EXPECT_EQ(resize_and_crop(Tensor({50000, 2, 3}, DType::u8), 1).shape(), Shape({1, 1, 3}));
}

TEST(Resize, RefusesWhatIsNoPicture) {
  EXPECT_NE(error_of([] { resize_and_crop(Tensor({4, 4}, DType::u8), 2); }).find("[4,4]"), std::string::npos);
  EXPECT_NE(error_of([] { resize_and_crop(Tensor({4, 4, 3}, DType::u8), 0); }).find("size 0"), std::string::npos);
  EXPECT_NE(error_of([] { resize_and_crop(Tensor({0, 4, 3}, DType::u8), 2); }).find("[0,4,3]"), std::string::npos);
}

}  // namespace
}  // namespace resnet
