// What networks are shown: ten crops against torchvision's (tests/golden/make_ten_crop.py), scales, mirror images, padding.
#include "eval/views.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "data/fixtures.h"
#include "resnet/checkpoint.h"

namespace resnet {
namespace {

using testing::HasSubstr;

/// Normalised values are bytes.
Preprocessing bytes_of(int64_t size, int64_t resize = 0) {
  Preprocessing p;
  p.size = size;
  p.resize = resize;
  p.mean = Tensor({3});
  p.std = Tensor({3});
  for (float& v : p.std.as<float>()) v = 1 / 255.0f;
  return p;
}

/// The largest difference of f32 `view` from bytes.
float difference(const Tensor& view, const uint8_t* bytes) {
  float most = 0;
  for (const float v : view.as<float>()) most = std::max(most, std::abs(v - static_cast<float>(*bytes++)));
  return most;
}

TEST(Views, TenCropsAreTorchvisions) {
  const SafetensorsFile expected = read_safetensors(SOURCE_DIR "/tests/golden/ten_crop.safetensors");
  const Views views(bytes_of(32, 35), {.crops = 10});
  for (const auto& [name, crops] : expected.tensors) {
    const std::vector<Tensor> ours = views.of(read_ppm(golden("resize_" + name + ".ppm")));
    ASSERT_EQ(ours.size(), 10u);
    for (size_t i = 0; i < 10; ++i) {
      ASSERT_EQ(ours[i].shape(), Shape({32, 32, 3}));
      EXPECT_LT(difference(ours[i], crops.as<uint8_t>().data() + i * 32 * 32 * 3), 1e-4) << name << " crop " << i;
    }
  }
}

TEST(Views, PicturesWithNoMarginArePaddedAfterNormalising) {
  Preprocessing p = bytes_of(8);
  p.mean = Tensor({8, 8, 3});
  for (float& v : p.mean.as<float>()) v = 1;  // zeros become -255, the padding stays 0
  const std::vector<Tensor> views = Views(p, {.crops = 10}).of(Tensor({8, 8, 3}, DType::u8));
  ASSERT_EQ(views.size(), 10u);
  EXPECT_EQ(views[0].f32()[0], 0);
  EXPECT_NEAR(views[0].f32()[(7 * 8 + 7) * 3], -255, 1e-3);  // top left: the padding is above and on the left
  EXPECT_NEAR(views[3].f32()[0], -255, 1e-3);
  EXPECT_EQ(views[3].f32()[(7 * 8 + 7) * 3], 0);
  for (const float v : views[4].as<float>()) EXPECT_NEAR(v, -255, 1e-3);  // the picture itself
  EXPECT_EQ(views[5].f32()[0], 0);  // the mirror image's top left, with its padding on the left
}

TEST(Views, ScalesAreWholePicturesAndTheirMirrorImages) {
  const Tensor picture = read_ppm(golden("resize_landscape.ppm"));  // 61x37
  const std::vector<Tensor> views = Views(bytes_of(32), {.scales = {37, 16}}).of(picture);
  ASSERT_EQ(views.size(), 4u);
  EXPECT_LT(difference(views[0], picture.as<uint8_t>().data()), 1e-4);
  EXPECT_EQ(views[2].shape(), Shape({16, 16 * 61 / 37, 3}));
  for (int64_t x = 0; x < 61; ++x) EXPECT_EQ(views[1].f32()[x * 3], views[0].f32()[(60 - x) * 3]);
}

TEST(Views, TheMirrorImageIsThatOfTheNormalisedCrop) {
  const Tensor picture = read_ppm(golden("resize_portrait.ppm"));
  const std::vector<Tensor> one = Views(bytes_of(13, 15), {}).of(picture);
  const std::vector<Tensor> two = Views(bytes_of(13, 15), {.flip = true}).of(picture);
  ASSERT_EQ(one.size(), 1u);
  ASSERT_EQ(two.size(), 2u);
  EXPECT_LT(difference(one[0], resize_and_crop(picture, Fit(13, 15)).as<uint8_t>().data()), 1e-4);
  for (int64_t x = 0; x < 13; ++x) EXPECT_EQ(two[1].f32()[x * 3 + 1], one[0].f32()[(12 - x) * 3 + 1]);
}

TEST(Views, MovedCropsHaveZerosAtTheirEdges) {
  const Preprocessing p = bytes_of(8);
  Tensor picture({8, 8, 3}, DType::u8);
  for (size_t i = 0; i < 192; ++i) picture.as<uint8_t>()[i] = static_cast<uint8_t>(1 + i);
  const Views views(p, {.flip = true, .shift = 2});
  const std::vector<Tensor> all = views.of(picture);
  ASSERT_EQ(all.size(), 6u);
  EXPECT_EQ(views.count(), 6);
  EXPECT_EQ(views.pixels(), 6 * 64);
  const auto at = [](const Tensor& x, int64_t row, int64_t column) { return x.f32()[(row * 8 + column) * 3]; };
  for (int64_t row = 0; row < 8; ++row)
    for (int64_t column = 0; column < 8; ++column)
      for (const auto& [view, move] : {std::pair{1, 2}, {2, -2}}) {
        const int64_t y = row - move, x = column - move;
        const bool inside = y >= 0 && y < 8 && x >= 0 && x < 8;
        const float want = inside ? at(all[0], y, x) : 0.0f;
        EXPECT_EQ(at(all[size_t(view)], row, column), want) << view << " " << row << " " << column;
        EXPECT_EQ(at(all[size_t(3 + view)], row, 7 - column), want) << view << " " << row << " " << column;
      }
}

TEST(Views, RefusesWhatMakesNoSense) {
  const Preprocessing p = bytes_of(8);
  EXPECT_THAT(error_of([&] { Views(p, {.crops = 5}); }), HasSubstr("1 or 10"));
  EXPECT_THAT(error_of([&] { Views(p, {.crops = 10, .scales = {8}}); }), HasSubstr("leave crops"));
  EXPECT_THAT(error_of([&] { Views(p, {.crops = 10, .flip = true}); }), HasSubstr("already"));
  EXPECT_THAT(error_of([&] { Views(p, {.crops = 10, .shift = 1}); }), HasSubstr("moved already"));
  EXPECT_THAT(error_of([&] { Views(p, {.scales = {8}, .shift = 1}); }), HasSubstr("leave crops"));
  EXPECT_THAT(error_of([&] { Views(p, {.shift = 8}); }), HasSubstr("0 to 7 are possible"));
  EXPECT_THAT(error_of([&] { Views(p, {.scales = {0}}); }), HasSubstr("positive"));
  const Views huge(p, {.scales = {4000}});
  EXPECT_THAT(error_of([&] { huge.of(Tensor({2, 200, 3}, DType::u8)); }), HasSubstr("2x200"));
}

TEST(Views, AMeanOfEveryPixelFitsOneSizeOnly) {
  Preprocessing p = bytes_of(8);
  p.mean = Tensor({8, 8, 3});
  const Tensor picture({8, 8, 3}, DType::u8);
  EXPECT_EQ(Views(p, {.scales = {8}}).of(picture).size(), 2u);
  EXPECT_THAT(error_of([&] { Views(p, {.scales = {16}}).of(picture); }), HasSubstr("16x16"));
}

}  // namespace
}  // namespace resnet
