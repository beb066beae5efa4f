#include "train/whiten.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "data/normalizer.h"
#include "io/temp_folder.h"
#include "resnet/models.h"

namespace resnet {
namespace {

constexpr int64_t kSize = 32, kKernel = 3, kOut = 32, kInputs = 27;

/// The weights' answers to every patch of some pictures: [patches][kOut].
std::vector<std::vector<double>> answers(const Tensor& w, const Dataset& data, const Preprocessing& preprocessing) {
  const Normalizer normalizer(preprocessing);
  std::vector<uint8_t> pixels(kSize * kSize * 3);
  std::vector<float> picture(pixels.size());
  std::vector<std::vector<double>> all;
  for (int64_t i = 0; i < data.size(); ++i) {
    data.image_into(i, normalizer.fit(), pixels.data());
    for (int64_t y = 0; y < kSize; ++y)
      normalizer.row(y, 0, kSize, pixels.data() + y * kSize * 3, picture.data() + y * kSize * 3);
    for (int64_t y = 0; y + kKernel <= kSize; ++y)
      for (int64_t x = 0; x + kKernel <= kSize; ++x) {
        std::vector<double>& answer = all.emplace_back(kOut, 0.0);
        for (int64_t o = 0; o < kOut; ++o)
          for (int64_t c = 0; c < 3; ++c)
            for (int64_t ky = 0; ky < kKernel; ++ky)
              for (int64_t kx = 0; kx < kKernel; ++kx)
                answer[static_cast<size_t>(o)] +=
                    static_cast<double>(w.f32()[((o * 3 + c) * kKernel + ky) * kKernel + kx]) *
                    static_cast<double>(picture[static_cast<size_t>(((y + ky) * kSize + x + kx) * 3 + c)]);
      }
  }
  return all;
}

TEST(Whiten, AnswersHaveVarianceOneAndAreUncorrelated) {
  const DataSplits data = open_data("synthetic:train=40,val=1,size=32");
  const Preprocessing preprocessing = measure_preprocessing(*data.train, "channel", Fit(kSize));
  const Graph graph = make_model("resnet8-fast");
  StateDict weights = init_params(graph);
  whiten_first_conv(graph, *data.train, preprocessing, weights);
  const Tensor& w = weights.at("stem.conv.weight");
  ASSERT_EQ(w.shape(), (Shape{kOut, 3, kKernel, kKernel}));
  for (int64_t i = 0; i < kOut / 2 * kInputs; ++i) ASSERT_EQ(w.f32()[i], -w.f32()[i + kOut / 2 * kInputs]);
  const auto all = answers(w, *data.train, preprocessing);
  for (size_t a = 0; a < kOut / 2; ++a)
    for (size_t b = 0; b <= a; ++b) {
      double sum = 0;
      for (const auto& answer : all) sum += answer[a] * answer[b];
      sum /= static_cast<double>(all.size());
      // What is added to eigenvalues takes a little of the smallest ones' variance.
      EXPECT_NEAR(sum, a == b ? 1 : 0, 0.1) << a << ' ' << b;
    }
}

TEST(Whiten, NetworksWithoutTwoSuchHalvesAreRefused) {
  const DataSplits data = open_data("synthetic:train=8,val=1,size=32");
  const Preprocessing preprocessing = measure_preprocessing(*data.train, "channel", Fit(kSize));
  const Graph graph = make_model("resnet18-small", {.image_size = kSize});
  StateDict weights = init_params(graph);
  EXPECT_THAT(error_of([&] { whiten_first_conv(graph, *data.train, preprocessing, weights); }),
              testing::HasSubstr("64 channels of 27 inputs"));
}

}  // namespace
}  // namespace resnet
