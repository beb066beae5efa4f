// What random crops show: the drawn part, of the drawn size, evenly.
#include "data/augment/random_crop.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "data/fixtures.h"

namespace resnet {
namespace {

// Pixel (y, x) is (y, x, 0).
Tensor coordinates(int64_t height, int64_t width) {
  Tensor image({height, width, 3}, DType::u8);
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x) {
      image.as<uint8_t>()[size_t((y * width + x) * 3)] = uint8_t(y);
      image.as<uint8_t>()[size_t((y * width + x) * 3 + 1)] = uint8_t(x);
    }
  return image;
}

ReadPart whole(const Tensor& image) {
  return [image](const ChoosePart&) { return whole_part(image); };
}

TEST(RandomCrop, OfTheWholePictureAtItsOwnScale) {
  const Tensor image = coordinates(20, 30);
  Augmentation a;
  a.crop = Augmentation::Crop::random;
  std::set<std::pair<int, int>> seen;
  uint8_t out[16 * 16 * 3];
  for (uint64_t i = 0; i < 2000; ++i) {
    Rng rng(1, 0, i);
    random_crop(whole(image), Fit(16, 20), a, rng, out);
    for (int k = 0; k < 16 * 16; ++k) {
      ASSERT_EQ(out[3 * k], out[0] + k / 16);
      ASSERT_EQ(out[3 * k + 1], out[1] + k % 16);
    }
    seen.insert({out[0], out[1]});
  }
  EXPECT_EQ(seen.size(), 5u * 15u);
}

TEST(RandomCrop, ScalesTheShorterSideFromLeastToMost) {
  Augmentation a;
  a.crop = Augmentation::Crop::random;
  a.resize = {32, 35};
  const Tensor image = coordinates(64, 80);
  std::set<int> spans;  // of the rows that the crop shows
  uint8_t out[32 * 32 * 3];
  for (uint64_t i = 0; i < 200; ++i) {
    Rng rng(1, 1, i);
    random_crop(whole(image), Fit(32), a, rng, out);
    spans.insert(out[31 * 32 * 3] - out[0]);
  }
  EXPECT_NEAR(*spans.rbegin(), 31 * 64 / 32, 1);
  EXPECT_NEAR(*spans.begin(), 31 * 64 / 35, 1);
}

TEST(RandomCrop, RectanglesHaveTheDrawnAreaAndShape) {
  const Augmentation a;
  double area = 0, least = 1, most = 0;
  const int n = 4000;
  for (uint64_t i = 0; i < n; ++i) {
    Rng rng(3, 0, i);
    const Rectangle r = draw_rectangle(300, 400, a, rng);
    ASSERT_GE(r.top, 0);
    ASSERT_GE(r.left, 0);
    ASSERT_LE(r.top + r.height, 300);
    ASSERT_LE(r.left + r.width, 400);
    const double ratio = double(r.width) / double(r.height), share = double(r.width * r.height) / (300 * 400);
    EXPECT_GT(ratio, 0.73);
    EXPECT_LT(ratio, 1.37);
    area += share / n;
    least = std::min(least, share);
    most = std::max(most, share);
  }
  EXPECT_NEAR(area, 0.435, 0.01);  // torchvision's mean: less than (0.08 + 1) / 2, because not every large one fits
  EXPECT_LT(least, 0.09);
  EXPECT_GT(most, 0.95);
}

TEST(RandomCrop, WhatNoDrawFitsIsCutFromTheCentre) {
  const Augmentation a;
  Augmentation whole;
  whole.area = {1, 1};
  Rng rng(1);
  const Rectangle r = draw_rectangle(10, 1000, whole, rng);
  EXPECT_EQ(r.height, 10);
  EXPECT_EQ(r.width, 13);
  EXPECT_EQ(r.left, (1000 - 13) / 2);
  uint8_t out[8 * 8 * 3];
  for (uint64_t i = 0; i < 20; ++i) {  // one pixel wide
    Augmentation resized;
    resized.crop = Augmentation::Crop::resized;
    Rng other(1, 0, i);
    random_crop(resnet::whole(coordinates(50, 1)), Fit(8), resized, other, out);
  }
}

TEST(RandomCrop, ResizedShowsTheRectangle) {
  const Tensor image = coordinates(200, 100);
  Augmentation a;
  a.crop = Augmentation::Crop::resized;
  uint8_t out[20 * 20 * 3];
  for (uint64_t i = 0; i < 50; ++i) {
    Rng draw(7, 0, i), crop(7, 0, i);
    const Rectangle r = draw_rectangle(200, 100, a, draw);
    random_crop(whole(image), Fit(20), a, crop, out);
    EXPECT_NEAR(out[0], double(r.top) + double(r.height) / 40, 2) << i;
    EXPECT_NEAR(out[(19 * 20 + 19) * 3 + 1], double(r.left) + double(r.width) * 39 / 40, 2) << i;
  }
}

}  // namespace
}  // namespace resnet
