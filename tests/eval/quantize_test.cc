#include "eval/quantize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "core/rng.h"
#include "engine/compile.h"
#include "eval/histogram.h"
#include "io/temp_folder.h"
#include "resnet/classifier.h"
#include "resnet/error.h"
#include "resnet/models.h"
#include "resnet/plan.h"

namespace resnet {
namespace {

using ::testing::HasSubstr;

Tensor random_batch(const Graph& graph, int64_t n, uint64_t seed) {
  Shape shape = graph.input_shape();
  shape[0] = n;
  Tensor x(shape);
  Rng rng(seed);
  for (float& v : x.as<float>()) v = rng.normal();
  return x;
}

std::vector<float> logits(const Graph& graph, DType dtype, StateDict& weights, const Tensor& x) {
  Plan plan(graph, {.batch = x.shape()[0], .dtype = dtype});
  plan.bind(weights);
  std::copy_n(x.f32(), x.elements(), plan.input().f32());
  plan.forward();
  return {plan.output().f32(), plan.output().f32() + plan.output().elements()};
}

double relative_error(const std::vector<float>& y, const std::vector<float>& expected) {
  double error = 0, power = 0;
  for (size_t i = 0; i < y.size(); ++i) {
    error += std::pow(y[i] - expected[i], 2);
    power += std::pow(expected[i], 2);
  }
  return error / power;
}

template <class Call> std::string error_of(const Call& call) {
  try {
    call();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

// A three-channel stem, padded and projected shortcuts, ten classes; on pictures that calibration has not seen.
TEST(Quantize, LogitsStayCloseToF32) {
  for (const char* name : {"cifar-resnet8", "cifar-resnet8-b", "resnet18", "resnet50"}) {
    const Graph graph = make_model(name, {.classes = 10, .image_size = 32});
    StateDict weights = init_params(graph);
    Quantized q = quantize(graph, weights, {random_batch(graph, 8, 1)}, "max");
    const Tensor x = random_batch(graph, 3, 2);
    EXPECT_LT(relative_error(logits(graph, DType::u8, q.weights, x), logits(graph, DType::f32, weights, x)), 0.01)
        << name;
  }
}

TEST(Quantize, WeightsAreRoundedChannelByChannel) {
  const Graph graph = make_model("cifar-resnet8");
  StateDict weights = init_params(graph);
  weights.at("conv1.weight").f32()[0] = 40;  // of channel 0 alone
  const Quantized q = quantize(graph, weights, {random_batch(graph, 2, 1)}, "max");
  const Tensor &w = q.weights.at("conv1.weight"), &scale = q.weights.at("conv1.weight_scale");
  EXPECT_EQ(w.dtype(), DType::i8);
  EXPECT_EQ(w.as<int8_t>()[0], 127);
  const float factor = 1 / std::sqrt(1 + 1e-5f);  // of the folded batch norm
  EXPECT_NEAR(scale.f32()[0], 40 * factor / 127, 1e-5);
  const float* original = weights.at("conv1.weight").f32();
  for (int64_t i = 0; i < w.elements(); ++i) {
    const float step = scale.f32()[i / 27];
    EXPECT_NEAR(static_cast<float>(w.as<int8_t>()[static_cast<size_t>(i)]) * step, original[i] * factor,
                0.5001f * step);
  }
}

TEST(Quantize, LargerPicturesThanCalibratedSaturate) {
  const Graph graph = make_model("cifar-resnet8");
  StateDict weights = init_params(graph);
  Quantized q = quantize(graph, weights, {random_batch(graph, 4, 1)}, "max");
  Tensor x = random_batch(graph, 1, 2);
  for (float& v : x.as<float>()) v *= 1e6f;
  Tensor clipped = x.clone();
  const float scale = q.weights.at("input.y_scale").f32()[0];
  for (float& v : clipped.as<float>()) v = v > 0 ? 127 * scale : -128 * scale;
  EXPECT_EQ(logits(graph, DType::u8, q.weights, x), logits(graph, DType::u8, q.weights, clipped));
}

TEST(Quantize, TheMethodWithTheSmallestErrorIsTaken) {
  const Graph graph = make_model("cifar-resnet8");
  const Quantized q = quantize(graph, init_params(graph), {random_batch(graph, 4, 1)});
  ASSERT_EQ(q.errors.size(), 3u);
  for (const auto& [method, error] : q.errors) {
    EXPECT_GT(error, 0) << method;
    if (method != q.method) continue;
    for (const auto& other : q.errors) EXPECT_LE(error, other.second);
  }
  EXPECT_THAT(error_of([&] { quantize(graph, init_params(graph), {random_batch(graph, 1, 1)}, "entropy"); }),
              HasSubstr("'entropy' is unknown"));
}

Checkpoint small_checkpoint() {
  Checkpoint c;
  c.model = "cifar-resnet8";
  for (int i = 0; i < 10; ++i) c.classes.push_back("class" + std::to_string(i));
  const Graph graph = make_model(c.model);
  c.preprocessing = {.size = 32, .mean = Tensor({3}), .std = Tensor({3})};
  for (float& v : c.preprocessing.std.as<float>()) v = 1;
  c.weights = quantize(graph, init_params(graph), {random_batch(graph, 2, 1)}, "max").weights;
  c.int8 = true;
  return c;
}

TEST(Quantize, FilesComeBackAndClassify) {
  TempFolder folder;
  const std::string path = folder / "int8.safetensors";
  const Checkpoint before = small_checkpoint();
  save_checkpoint(path, before);
  const Checkpoint after = load_checkpoint(path);
  EXPECT_TRUE(after.int8);
  ASSERT_EQ(after.weights.size(), before.weights.size());
  for (const auto& [key, tensor] : before.weights) {
    const Tensor& read = after.weights.at(key);
    EXPECT_EQ(read.dtype(), tensor.dtype()) << key;
    EXPECT_EQ(std::memcmp(read.raw(), tensor.raw(), tensor.bytes()), 0) << key;
  }
  EXPECT_EQ(Classifier(after).classify(Tensor({40, 50, 3}, DType::u8), 3).size(), 3u);
}

TEST(Quantize, BadFilesAreRefused) {
  TempFolder folder;
  const std::string path = folder / "int8.safetensors";
  const auto refusal = [&](const auto& damage) {
    save_checkpoint(path, small_checkpoint());
    SafetensorsFile file = read_safetensors(path);
    for (auto& [key, tensor] : file.tensors) tensor = tensor.clone();
    damage(file);
    write_safetensors(path, file.tensors, file.metadata);
    return error_of([&] { Classifier classifier(path); });
  };
  EXPECT_EQ(refusal([](auto&) {}), "");
  EXPECT_THAT(refusal([](auto& f) { f.metadata["quantization"] = "int4"; }), HasSubstr("'quantization' is 'int4'"));
  EXPECT_THAT(refusal([](auto& f) { f.metadata.erase("quantization"); }),
              HasSubstr("does not say that the network is quantised"));
  EXPECT_THAT(refusal([](auto& f) { f.tensors.at("conv1.y_scale").f32()[0] = 0; }), HasSubstr("scales are positive"));
  EXPECT_THAT(refusal([](auto& f) { f.tensors.at("conv1.weight_scale").f32()[3] = NAN; }),
              HasSubstr("scales are positive"));
  EXPECT_THAT(refusal([](auto& f) { f.tensors.erase("fc.weight_scale"); }), HasSubstr("'fc.weight_scale'"));
  EXPECT_THAT(refusal([](auto& f) { f.tensors.at("fc.weight") = Tensor({10, 64, 1, 1}); }), HasSubstr("i8 needed"));
  EXPECT_THAT(error_of([] { quantize(small_checkpoint(), nullptr, {}); }), HasSubstr("quantised already"));
}

TEST(Quantize, WhatHasNoInt8FormIsAnError) {
  const Graph graph = make_model("cifar-resnet8");
  EXPECT_THAT(error_of([&] { Plan(graph, {.mode = Mode::train, .dtype = DType::u8}); }), HasSubstr("inference"));
  EXPECT_THAT(error_of([&] { Plan(graph, {.dtype = DType::u8, .fuse = false}); }), HasSubstr("fused"));
}

TEST(Histogram, ClipsByMethod) {
  Histogram h;
  std::vector<float> values(20000, 0.5f);
  h.add(values.data(), 10000);
  values[0] = -100;  // one of 20,000: the range must grow, and what came before must not be lost
  h.add(values.data(), 10000);
  EXPECT_EQ(h.clip("max", 255), 100);
  EXPECT_LT(h.clip("percentile", 255), 0.6f);
  EXPECT_GE(h.clip("percentile", 255), 0.5f);
  EXPECT_LE(h.clip("mse", 255), 100);
  EXPECT_EQ(Histogram().clip("mse", 255), 0);
  const float nan = NAN;
  EXPECT_THAT(error_of([&] { h.add(&nan, 1); }), HasSubstr("not a finite number"));
}

}  // namespace
}  // namespace resnet
