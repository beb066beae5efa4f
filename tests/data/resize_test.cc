// Resizing gives Pillow's bytes.
#include <gtest/gtest.h>

#include "data/fixtures.h"

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
