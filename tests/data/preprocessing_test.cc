// Means, deviations and normalised pictures, against sums written out here.
#include <gtest/gtest.h>

#include <cmath>

#include "data/fixtures.h"

namespace resnet {
namespace {

TEST(Preprocessing, MeasuresPixelsAndChannels) {
  const DataSplits data = open_data("synthetic:train=37,size=8");
  std::vector<double> pixel(8 * 8 * 3);
  double sum[3] = {}, square[3] = {};
  for (int64_t i = 0; i < 37; ++i) {
    const Tensor picture = data.train->image(i);
    for (size_t k = 0; k < pixel.size(); ++k) {
      const double v = picture.as<uint8_t>()[k] / 255.0;
      pixel[k] += v / 37;
      sum[k % 3] += v / (37 * 64);
      square[k % 3] += v * v / (37 * 64);
    }
  }
  const Preprocessing by_pixel = measure_preprocessing(*data.train, "pixel", 8);
  ASSERT_EQ(by_pixel.mean.shape(), Shape({8, 8, 3}));
  for (size_t k = 0; k < pixel.size(); ++k) EXPECT_NEAR(by_pixel.mean.f32()[k], pixel[k], 1e-6);
  const Preprocessing by_channel = measure_preprocessing(*data.train, "channel", 8);
  ASSERT_EQ(by_channel.mean.shape(), Shape({3}));
  for (int c = 0; c < 3; ++c) {
    EXPECT_EQ(by_pixel.std.f32()[c], 1.0f);
    EXPECT_NEAR(by_channel.mean.f32()[c], sum[c], 1e-6);
    EXPECT_NEAR(by_channel.std.f32()[c], std::sqrt(square[c] - sum[c] * sum[c]), 1e-5);
  }
}

TEST(Preprocessing, NoneAndUnknown) {
  const CountingData data(3, 4);
  const Preprocessing none = measure_preprocessing(data, "none", 4);
  EXPECT_EQ(none.mean.f32()[1], 0.0f);
  EXPECT_EQ(none.std.f32()[1], 1.0f);
  EXPECT_NE(error_of([&] { measure_preprocessing(data, "pixels", 4); }).find("'pixels'"), std::string::npos);
  EXPECT_NE(error_of([&] { measure_preprocessing(CountingData(3, 4, 1), "pixel", 4); }).find("broken"),
            std::string::npos);
}

TEST(Preprocessing, Normalizes) {
  const DataSplits data = open_data("synthetic:train=20,size=8");
  const Tensor picture = data.train->image(3);
  for (const char* kind : {"none", "pixel", "channel"}) {
    const Preprocessing p = measure_preprocessing(*data.train, kind, 8);
    std::vector<float> out(8 * 8 * 3);
    normalize(picture, p, out.data());
    for (size_t k = 0; k < out.size(); ++k) {
      const float mean = p.mean.elements() == 3 ? p.mean.f32()[k % 3] : p.mean.f32()[k];
      EXPECT_NEAR(out[k], (picture.as<uint8_t>()[k] / 255.0f - mean) / p.std.f32()[k % 3], 1e-5);
    }
  }
}

TEST(Preprocessing, RefusesWhatDoesNotFit) {
  Preprocessing p = measure_preprocessing(CountingData(3, 8), "none", 8);
  std::vector<float> out(8 * 8 * 3);
  EXPECT_NE(error_of([&] {
              normalize(Tensor({8, 9, 3}, DType::u8), p, out.data());
            }).find("[8,9,3]"),
            std::string::npos);
  p.std.f32()[1] = 0;
  EXPECT_NE(error_of([&] {
              normalize(Tensor({8, 8, 3}, DType::u8), p, out.data());
            }).find("channel 1"),
            std::string::npos);
  p.mean = Tensor({4, 4, 3});
  EXPECT_NE(error_of([&] {
              normalize(Tensor({8, 8, 3}, DType::u8), p, out.data());
            }).find("[4,4,3]"),
            std::string::npos);
}

}  // namespace
}  // namespace resnet
