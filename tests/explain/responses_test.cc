#include "explain/responses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "eval/model.h"
#include "resnet/error.h"
#include "resnet/models.h"
#include "resnet/plan.h"

namespace resnet {
namespace {

using testing::HasSubstr;

Checkpoint untrained(const std::string& model, int64_t size) {
  Checkpoint c;
  c.model = model;
  c.classes = {"a", "b", "c", "d"};
  c.preprocessing = imagenet_preprocessing(size);
  c.preprocessing.resize = 0;
  c.weights = init_params(make_model(model, {.classes = 4, .image_size = size}));
  return c;
}

std::shared_ptr<const Dataset> pictures(int64_t n) {
  return open_data("synthetic:train=4,classes=4,val=" + std::to_string(n), {.image_size = 8}).val;
}

TEST(Responses, AreThoseBehindBatchNorm) {
  const Checkpoint c = untrained("cifar-resnet8", 8);
  const auto data = pictures(10);
  const std::vector<LayerResponse> layers = layer_responses(c, data, {.batch = 4, .workers = 0});
  ASSERT_EQ(layers.size(), 7u);  // 6n+1 3x3 layers
  EXPECT_EQ(layers[0].layer, "conv1");
  EXPECT_EQ(layers[2].layer, "layer1.0.conv2");
  EXPECT_EQ(layers[2].index, 3);

  // The same, picture by picture, over all elements that node bn2 gives.
  StateDict weights = c.weights;
  Plan plan(graph_of(c), {.fuse = false});
  plan.bind(weights);
  std::vector<double> values;
  plan.observe([&](const std::string& name, const Tensor& y) {
    if (name == "layer1.0.bn2") values.insert(values.end(), y.f32(), y.f32() + y.elements());
  });
  for (int64_t i = 0; i < data->size(); ++i) {
    normalize(data->image(i), c.preprocessing, plan.input().f32());
    plan.forward();
  }
  double mean = 0, square = 0;
  for (const double v : values) mean += v / static_cast<double>(values.size());
  for (const double v : values) square += (v - mean) * (v - mean) / static_cast<double>(values.size());
  EXPECT_NEAR(layers[2].std, std::sqrt(square), 1e-5 * std::sqrt(square));
}

TEST(Responses, DoNotDependOnTheBatch) {
  const Checkpoint c = untrained("cifar-plain8", 8);
  const auto a = layer_responses(c, pictures(10), {.batch = 3, .workers = 1});
  const auto b = layer_responses(c, pictures(10), {.batch = 100, .workers = 0});
  for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i].std, b[i].std, 1e-5 * b[i].std) << a[i].layer;
}

TEST(Responses, AreRankedAndCountOnlyTheWantedPictures) {
  const Checkpoint c = untrained("cifar-resnet8", 8);
  const auto some = layer_responses(c, pictures(10), {.batch = 4, .pictures = 5, .workers = 0});
  const auto five = layer_responses(c, pictures(5), {.batch = 5, .workers = 0});
  std::vector<int64_t> ranks;
  for (size_t i = 0; i < some.size(); ++i) {
    EXPECT_NEAR(some[i].std, five[i].std, 1e-5 * five[i].std);
    ranks.push_back(some[i].rank);
    for (const LayerResponse& other : some) {
      EXPECT_TRUE(some[i].rank >= other.rank || some[i].std >= other.std) << some[i].layer << ", " << other.layer;
    }
  }
  EXPECT_THAT(ranks, testing::UnorderedElementsAre(1, 2, 3, 4, 5, 6, 7));
}

TEST(Responses, WithoutBatchNormAreTheConvolutions) {
  EXPECT_EQ(layer_responses(untrained("vgg11", 32),
                            open_data("synthetic:train=4,val=2,classes=4", {.image_size = 32}).val, {.workers = 0})
                .size(),
            8u);
}

std::string error_of(const Checkpoint& c, std::shared_ptr<const Dataset> data) {
  try {
    layer_responses(c, std::move(data), {.workers = 0});
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(Responses, WhatCannotBeMeasuredIsSaid) {
  Checkpoint c = untrained("cifar-resnet8", 8);
  c.weights.at("conv1.weight") = c.weights.at("conv1.weight").clone();
  c.weights.at("conv1.weight").f32()[0] = NAN;
  EXPECT_THAT(error_of(c, pictures(3)), HasSubstr("conv1"));
  c.int8 = true;
  EXPECT_THAT(error_of(c, pictures(3)), HasSubstr("int8"));
}

}  // namespace
}  // namespace resnet
