#include "explain/gradcam.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/rng.h"
#include "eval/model.h"
#include "explain/folded.h"
#include "explain/heat.h"
#include "resnet/error.h"
#include "resnet/models.h"
#include "resnet/plan.h"

namespace resnet {
namespace {

using testing::HasSubstr;

// Weights whose running statistics are not those of a new network.
Checkpoint used(const std::string& model, int64_t size) {
  Checkpoint c;
  c.model = model;
  c.classes = {"ant", "bee", "cat", "dog"};
  c.preprocessing = imagenet_preprocessing(size);
  c.weights = init_params(make_model(model, {.classes = 4, .image_size = size}), {.seed = 3});
  Rng rng(9);
  for (auto& [key, t] : c.weights)
    if (key.find("running_") != std::string::npos || key.find("bn") != std::string::npos)
      for (float& v : t.as<float>()) v += rng.uniform(0.0f, 0.5f);
  return c;
}

Tensor picture(int64_t height, int64_t width) {
  Tensor image({height, width, 3}, DType::u8);
  Rng rng(4);
  for (uint8_t& v : image.as<uint8_t>()) v = static_cast<uint8_t>(rng.below(256));
  return image;
}

TEST(Folded, ComputesTheSameAsInference) {
  for (const char* model : {"cifar-resnet8-b", "vgg11_bn", "alexnet"}) {
    const Checkpoint c = used(model, 64);
    const FoldedNetwork folded = fold_network(graph_of(c), c.weights);
    std::vector<float> logits[2];
    for (int i = 0; i < 2; ++i) {
      StateDict weights = i == 0 ? c.weights : folded.weights;
      Plan plan(i == 0 ? graph_of(c) : folded.graph, {.batch = 2});
      plan.bind(weights);
      Rng rng(2);
      for (float& v : plan.input().as<float>()) v = rng.normal();
      plan.forward();
      logits[i].assign(plan.output().f32(), plan.output().f32() + plan.output().elements());
    }
    for (size_t i = 0; i < logits[0].size(); ++i)
      EXPECT_NEAR(logits[0][i], logits[1][i], 1e-4 * (1 + std::abs(logits[0][i]))) << model;
  }
}

// Behind a global average and one linear layer, the gradient is the linear layer's weights: class activation maps.
TEST(GradCam, OfAResidualNetworkIsTheClassActivationMap) {
  const Checkpoint c = used("cifar-resnet8", 32);
  const Tensor image = picture(40, 50);
  for (const char* name : {"ant", "dog"}) {
    const GradCam cam = grad_cam(c, image, {.class_name = name});
    EXPECT_EQ(cam.prediction.name, name);
    EXPECT_EQ(cam.map.shape(), (Shape{8, 8}));
    StateDict weights = c.weights;
    Plan plan(graph_of(c), {.fuse = false});
    plan.bind(weights);
    Tensor features;
    plan.observe([&](const std::string& node, const Tensor& y) {
      if (node == cam.layer) features = y.clone();
    });
    normalize(resize_and_crop(image, c.preprocessing.fit()), c.preprocessing, plan.input().f32());
    plan.forward();
    const float* w = c.weights.at("fc.weight").f32() + cam.prediction.index * 64;
    std::vector<double> expected(64);
    double most = 0;
    for (size_t p = 0; p < 64; ++p) {
      double sum = 0;
      for (size_t k = 0; k < 64; ++k) sum += w[k] * features.f32()[p * 64 + k];
      expected[p] = std::max(sum, 0.0);
      most = std::max(most, sum);
    }
    ASSERT_GT(most, 0);
    EXPECT_NEAR(cam.strongest, most / 64, 1e-4 * most);
    for (size_t p = 0; p < 64; ++p) EXPECT_NEAR(cam.map.f32()[p], expected[p] / most, 1e-3);
  }
}

TEST(GradCam, TakesTheLikeliestClassAndOtherNetworks) {
  for (const char* model : {"cifar-plain8", "vgg11", "alexnet", "resnet18"}) {
    const GradCam cam = grad_cam(used(model, 64), picture(70, 64));
    EXPECT_EQ(cam.prediction.index, cam.likely.front().index);
    EXPECT_EQ(cam.overlay.shape(), (Shape{70, 64, 3})) << model;
    EXPECT_GT(cam.map.elements(), 1) << model;
    for (const float v : cam.map.as<float>()) EXPECT_TRUE(v >= 0 && v <= 1) << model;
  }
}

TEST(GradCam, OfAnEarlierLayer) {
  const GradCam cam = grad_cam(used("cifar-resnet8", 32), picture(32, 32), {.layer = "layer1.0.conv1"});
  EXPECT_EQ(cam.layer, "layer1.0.conv1");
  EXPECT_EQ(cam.map.shape(), (Shape{32, 32}));
}

std::string error_of(const Checkpoint& c, const Tensor& image, const GradCamOptions& options = {}) {
  try {
    grad_cam(c, image, options);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(GradCam, BadInputIsNamed) {
  Checkpoint c = used("cifar-resnet8", 32);
  const Tensor image = picture(32, 32);
  EXPECT_THAT(error_of(c, image, {.class_name = "bea"}), HasSubstr("did you mean 'bee'?"));
  EXPECT_THAT(error_of(c, image, {.layer = "layer1.0.conv9"}), HasSubstr("did you mean 'layer1.0.conv"));
  EXPECT_THAT(error_of(c, image, {.layer = "fc"}), HasSubstr("no such layer"));
  EXPECT_THAT(error_of(c, Tensor({32, 32, 4}, DType::u8)), HasSubstr("u8 [H,W,3]"));
  Checkpoint damaged = c;
  damaged.weights["fc.weight"] = c.weights.at("fc.weight").clone();
  damaged.weights["fc.weight"].f32()[3] = NAN;
  EXPECT_THAT(error_of(damaged, image), HasSubstr("damaged"));
  c.int8 = true;
  EXPECT_THAT(error_of(c, image), HasSubstr("int8"));
}

const Fit kFit{20, 20, Interpolation::bilinear};

TEST(Heat, CoversWhatTheNetworkSees) {
  Tensor image({20, 40, 3}, DType::u8), map({2, 2});
  for (uint8_t& v : image.as<uint8_t>()) v = 100;
  const auto at = [](const Tensor& t, int64_t y, int64_t x) {
    return static_cast<int>(t.as<uint8_t>()[(y * 40 + x) * 3]);
  };
  const Tensor none = heat_overlay(image, map, kFit);
  EXPECT_EQ(at(none, 10, 20), 100);  // nothing there
  EXPECT_LT(at(none, 10, 9), 50);    // left of the square that is cut out of the middle
  EXPECT_EQ(at(none, 10, 10), 100);
  EXPECT_EQ(at(none, 10, 29), 100);
  EXPECT_LT(at(none, 10, 30), 50);
  map.f32()[0] = 1;
  const Tensor one = heat_overlay(image, map, kFit);
  EXPECT_GT(at(one, 2, 12), 180);
  EXPECT_EQ(at(one, 19, 29), 100);
}

}  // namespace
}  // namespace resnet
