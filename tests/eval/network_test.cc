// Pictures of any shape through one network: the same answers as the plain loops give, and plans within their bound.
#include "eval/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/rng.h"
#include "engine/cut.h"
#include "io/temp_folder.h"
#include "resnet/models.h"

namespace resnet {
namespace {

Preprocessing plain(int64_t size) {
  Preprocessing p = imagenet_preprocessing(size);
  p.resize = 0;
  return p;
}

Tensor noise(int64_t height, int64_t width, uint64_t seed) {
  Tensor view({height, width, 3});
  Rng rng(seed);
  for (float& v : view.as<float>()) v = rng.normal();
  return view;
}

std::vector<double> softmax(const Tensor& logits) {
  std::vector<double> p;
  double sum = 0;
  for (const float v : logits.as<float>()) sum += std::exp(v);
  for (const float v : logits.as<float>()) p.push_back(std::exp(v) / sum);
  return p;
}

std::vector<double> reference(const Graph& graph, StateDict& weights, const Tensor& view) {
  Plan plan(with_input(graph, view.shape()[0], view.shape()[1]), {.backend = "ref", .fuse = false});
  plan.bind(weights);
  std::copy_n(view.f32(), view.elements(), plan.input().f32());
  plan.forward();
  return softmax(plan.output());
}

struct Case {
  Graph graph;
  StateDict weights;
  explicit Case(const std::string& model, int64_t size = 32)
      : graph(make_model(model, {.classes = 7, .image_size = size})), weights(init_params(graph, {.seed = 3})) {}
  Network network(Network::Options options = {.compile = {.batch = 4}}) const {
    return Network(graph, weights, Views(plain(graph.input_shape()[1]), {}), std::move(options));
  }
};

TEST(Network, PicturesOfDifferentShapesAgreeWithPlainLoops) {
  for (const char* model : {"cifar-resnet8", "resnet18"}) {
    Case c(model);
    Network network = c.network();
    const std::vector<std::vector<Tensor>> pictures = {{noise(40, 57, 1), noise(32, 32, 2)},
                                                       {noise(40, 57, 3), noise(33, 32, 4)},
                                                       {noise(32, 32, 5), noise(64, 35, 6)}};
    std::vector<double> scores(3 * 7);
    network.add_scores(pictures, scores.data());
    for (size_t i = 0; i < 3; ++i) {
      const std::vector<double> a = reference(c.graph, c.weights, pictures[i][0]);
      const std::vector<double> b = reference(c.graph, c.weights, pictures[i][1]);
      for (size_t k = 0; k < 7; ++k) EXPECT_NEAR(scores[i * 7 + k], (a[k] + b[k]) / 2, 1e-4) << model << " " << i;
    }
  }
}

TEST(Network, ManyPicturesAreTakenInParts) {
  Case c("cifar-resnet8");
  Network network = c.network();
  std::vector<std::vector<Tensor>> pictures;
  for (uint64_t i = 0; i < 11; ++i) pictures.push_back({noise(32, 32, i)});  // 4, 4, and 3 in a plan for 4
  std::vector<double> scores(11 * 7);
  network.add_scores(pictures, scores.data());
  EXPECT_EQ(network.plans(), 1u);
  for (size_t i = 0; i < 11; ++i) {
    EXPECT_NEAR(std::accumulate(scores.begin() + i * 7, scores.begin() + i * 7 + 7, 0.0), 1, 1e-6);
    const std::vector<double> p = reference(c.graph, c.weights, pictures[i][0]);
    for (size_t k = 0; k < 7; ++k) EXPECT_NEAR(scores[i * 7 + k], p[k], 1e-4);
  }
}

TEST(Network, PlansAreBoundedInMemory) {
  Case c("cifar-resnet8");
  Network roomy = c.network(), tight = c.network({.compile = {.batch = 1}, .most_bytes = 1});
  std::vector<double> scores(7);
  for (int64_t width = 32; width < 38; ++width)
    for (Network* network : {&roomy, &tight}) network->add_scores({{noise(32, width, 1)}}, scores.data());
  EXPECT_EQ(roomy.plans(), 6u);
  EXPECT_EQ(tight.plans(), 1u);
}

TEST(Network, ChangedWeightsReachAllPlans) {
  Case c("cifar-resnet8");
  Network network = c.network();
  const std::vector<std::vector<Tensor>> pictures = {{noise(32, 32, 1), noise(32, 40, 2)}};
  std::vector<double> before(7), after(7);
  network.add_scores(pictures, before.data());
  c.weights.at("fc.bias").f32()[2] += 100;  // shared
  network.params_changed();
  network.add_scores(pictures, after.data());
  EXPECT_NEAR(after[2], 1, 1e-6);
  EXPECT_LT(before[2], 0.9);
}

TEST(Network, ShapesThatDoNotFitAreNamed) {
  Case fixed("alexnet-paper", 224);
  Network network = fixed.network({.compile = {.batch = 1}});
  std::vector<double> scores(7);
  EXPECT_THAT(error_of([&] { network.add_scores({{noise(256, 300, 1)}}, scores.data()); }),
              testing::AllOf(testing::HasSubstr("256x300"), testing::HasSubstr("fc6.weight")));
}

}  // namespace
}  // namespace resnet
