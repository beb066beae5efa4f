// Pictures made by the procedure: repeatable, distinct, balanced.
#include <gtest/gtest.h>

#include <set>

#include "data/fixtures.h"

namespace resnet {
namespace {

TEST(Synthetic, APictureIsAFunctionOfSeedSplitAndIndex) {
  const DataSplits a = open_data("synthetic:"), b = open_data("synthetic:train=50"), c = open_data("synthetic:seed=1");
  EXPECT_EQ(largest_difference(a.train->image(33), b.train->image(33)), 0);
  EXPECT_GT(largest_difference(a.train->image(33), c.train->image(33)), 0);
  EXPECT_GT(largest_difference(a.train->image(33), a.val->image(33)), 0);
  EXPECT_GT(largest_difference(a.train->image(33), a.train->image(43)), 0);
}

TEST(Synthetic, ClassesAreBalancedAndNamed) {
  const DataSplits data = open_data("synthetic:train=100");
  std::vector<int> count(10);
  for (int64_t i = 0; i < 100; ++i) ++count[static_cast<size_t>(data.train->label(i))];
  for (int n : count) EXPECT_EQ(n, 10);
  const auto& names = data.train->classes();
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), 10u);
  EXPECT_EQ(names[0], "horizontal stripes");
}

// The mean over many pictures is nearly flat and grey: colour and place do not give the class away.
TEST(Synthetic, MeansTellNothing) {
  const DataSplits data = open_data("synthetic:train=3000");
  const Preprocessing p = measure_preprocessing(*data.train, "pixel", 32);
  for (float mean : p.mean.as<float>()) EXPECT_NEAR(mean, 0.5f, 0.05f);
}

TEST(Synthetic, ImageIntoGivesTheSamePicture) {
  const DataSplits data = open_data("synthetic:");
  Tensor direct({32, 32, 3}, DType::u8), scaled({20, 20, 3}, DType::u8);
  data.train->image_into(5, 32, direct.as<uint8_t>().data());
  EXPECT_EQ(largest_difference(direct, data.train->image(5)), 0);
  data.train->image_into(5, 20, scaled.as<uint8_t>().data());
  EXPECT_EQ(largest_difference(scaled, resize_and_crop(data.train->image(5), 20)), 0);
  EXPECT_THROW(data.train->image(10000), Error);
}

}  // namespace
}  // namespace resnet
