#include "train/sgd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "io/temp_folder.h"

namespace resnet {
namespace {

constexpr std::array<std::array<float, 2>, 3> kGradients{{{0.1f, -0.2f}, {0.3f, 0.05f}, {-0.4f, 0.7f}}};
constexpr std::array<float, 3> kRates{0.1f, 0.1f, 0.01f};

TrainConfig config_of(bool nesterov, const std::string& formula = "pytorch") {
  TrainConfig c;
  c.momentum = 0.9f;
  c.weight_decay = 0.01f;
  c.nesterov = nesterov;
  c.formula = formula;
  return c;
}

Tensor pair(float a, float b) {
  Tensor t({2});
  t.f32()[0] = a;
  t.f32()[1] = b;
  return t;
}

struct Trace {
  std::array<double, 2> w, v;
};

/// Three steps from w = (0.5, -1.25), as in make_sgd_golden.py.
Trace three_steps(const TrainConfig& config) {
  const StateDict params{{"conv.weight", pair(0.5f, -1.25f)}};
  Sgd sgd(config, {{"conv.weight", {2}, ParamKind::weight}}, params);
  for (size_t i = 0; i < 3; ++i) sgd.step({{"conv.weight", pair(kGradients[i][0], kGradients[i][1])}}, kRates[i]);
  const float* w = params.at("conv.weight").f32();
  const float* v = sgd.momentum().at("conv.weight").f32();
  return {{w[0], w[1]}, {v[0], v[1]}};
}

void expect_near(const Trace& got, const Trace& want) {
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_NEAR(got.w[i], want.w[i], 1e-6);
    EXPECT_NEAR(got.v[i], want.v[i], 1e-6);
  }
}

TEST(Sgd, EqualsPytorch) {
  expect_near(three_steps(config_of(false)), {{0.449920989, -1.218893073}, {-0.036048895, 0.549682287}});
}

TEST(Sgd, EqualsPytorchWithNesterov) {
  expect_near(three_steps(config_of(true)), {{0.417919981, -1.211444181}, {-0.036493221, 0.549992233}});
}

/// Caffe's formula, written out: the learning rate is inside of the momentum.
Trace caffe_by_hand(bool nesterov) {
  Trace t{{0.5, -1.25}, {0, 0}};
  for (size_t i = 0; i < 3; ++i) {
    for (size_t k = 0; k < 2; ++k) {
      const double before = t.v[k];
      t.v[k] = 0.9 * before + kRates[i] * (kGradients[i][k] + 0.01 * t.w[k]);
      t.w[k] -= nesterov ? (1 + 0.9) * t.v[k] - 0.9 * before : t.v[k];
    }
  }
  return t;
}

TEST(Sgd, CaffesFormula) {
  expect_near(three_steps(config_of(false, "caffe")), caffe_by_hand(false));
  expect_near(three_steps(config_of(true, "caffe")), caffe_by_hand(true));
  // They differ from PyTorch's once the rate has changed.
  EXPECT_GT(std::abs(three_steps(config_of(false)).w[0] - caffe_by_hand(false).w[0]), 1e-3);
}

TEST(Sgd, DecayCanSpareBatchNormAndBiases) {
  const std::vector<ParamSpec> specs{{"a.weight", {2}, ParamKind::weight},
                                     {"a.bias", {2}, ParamKind::bias},
                                     {"b.weight", {2}, ParamKind::bn_weight},
                                     {"b.running_mean", {2}, ParamKind::running_mean}};
  for (const bool everything : {true, false}) {
    StateDict params, gradients;
    for (const ParamSpec& s : specs) params[s.suffix] = pair(1, 1);
    for (const ParamSpec& s : specs) gradients[s.suffix] = pair(0, 0);
    TrainConfig c = config_of(false);
    c.decay_bn_and_bias = everything;
    Sgd sgd(c, specs, params);
    sgd.step(gradients, 1);
    EXPECT_FLOAT_EQ(params["a.weight"].f32()[0], 0.99f);
    EXPECT_FLOAT_EQ(params["a.bias"].f32()[0], everything ? 0.99f : 1.0f);
    EXPECT_FLOAT_EQ(params["b.weight"].f32()[1], everything ? 0.99f : 1.0f);
    EXPECT_EQ(params["b.running_mean"].f32()[0], 1.0f);  // not trainable
    EXPECT_EQ(sgd.momentum().size(), 3u);
  }
}

TEST(Sgd, BiasesCanHaveALearningRateOfTheirOwn) {
  const std::vector<ParamSpec> specs{{"a.weight", {2}, ParamKind::weight},
                                     {"a.bias", {2}, ParamKind::bias},
                                     {"b.weight", {2}, ParamKind::bn_weight},
                                     {"b.bias", {2}, ParamKind::bn_bias}};
  StateDict params, gradients;
  for (const ParamSpec& s : specs) params[s.suffix] = pair(0, 0), gradients[s.suffix] = pair(1, -1);
  TrainConfig c = config_of(false);
  c.bias_lr = 8;
  Sgd(c, specs, params).step(gradients, 0.5f);
  EXPECT_FLOAT_EQ(params["a.weight"].f32()[0], -0.5f);
  EXPECT_FLOAT_EQ(params["b.weight"].f32()[1], 0.5f);
  EXPECT_FLOAT_EQ(params["a.bias"].f32()[0], -4.0f);
  EXPECT_FLOAT_EQ(params["b.bias"].f32()[1], 4.0f);
}

TEST(Sgd, LargeTensorsAreUpdatedToTheLastElement) {
  const int64_t n = 3 * 16384 + 5;
  const StateDict params{{"w", Tensor({n})}};
  Tensor g({n});
  for (int64_t i = 0; i < n; ++i) g.f32()[i] = static_cast<float>(i);
  Sgd sgd(config_of(false), {{"w", {n}, ParamKind::weight}}, params);
  sgd.step({{"w", g}}, 1);
  for (int64_t i = 0; i < n; ++i) ASSERT_EQ(params.at("w").f32()[i], -static_cast<float>(i));
}

TEST(Sgd, MomentumOfAnEarlierRunGoesOn) {
  const StateDict params{{"w", pair(0, 0)}};
  Sgd sgd(config_of(false), {{"w", {2}, ParamKind::weight}}, params, {{"w", pair(1, 2)}});
  sgd.step({{"w", pair(0, 0)}}, 1);
  EXPECT_FLOAT_EQ(params.at("w").f32()[1], -1.8f);
}

TEST(Sgd, WhatDoesNotFitIsNamed) {
  const std::vector<ParamSpec> specs{{"w", {2}, ParamKind::weight}};
  const StateDict params{{"w", pair(0, 0)}};
  EXPECT_THAT(error_of([&] { Sgd(config_of(false), specs, {}); }), testing::HasSubstr("value of 'w' is missing"));
  EXPECT_THAT(error_of([&] {
                Sgd(config_of(false), specs, params, {{"w", Tensor({3})}});
              }),
              testing::HasSubstr("momentum of 'w' is [3], not [2]"));
}

}  // namespace
}  // namespace resnet
