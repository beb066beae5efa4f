#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "eval/model.h"
#include "eval/same_network.h"
#include "io/onnx/import.h"
#include "io/temp_folder.h"
#include "resnet/classifier.h"
#include "resnet/models.h"
#include "resnet/plan.h"

namespace resnet {
namespace {

using onnx::Message;
using testing::HasSubstr;

/// A network whose batch norms are not trivial.
Checkpoint example(const std::string& model, int64_t size = 32) {
  Checkpoint c;
  c.model = model;
  c.classes = {"a", "b", "c"};
  c.preprocessing = {.size = size, .mean = Tensor({size, size, 3}), .std = Tensor({3})};
  for (int64_t i = 0; i < size * size * 3; ++i) c.preprocessing.mean.f32()[i] = 1.0f / static_cast<float>(i + 3);
  std::fill_n(c.preprocessing.std.f32(), 3, 0.3f);
  c.weights = init_params(make_model(model, {.classes = 3, .image_size = size}), {.seed = 5});
  for (auto& [key, tensor] : c.weights)
    if (tensor.shape().rank() == 1)
      for (int64_t i = 0; i < tensor.elements(); ++i) tensor.f32()[i] += 0.05f * static_cast<float>(i % 7);
  return c;
}

std::vector<float> logits(const Checkpoint& c) {
  StateDict weights = c.weights;
  Plan plan(graph_of(c), {.batch = 1, .mode = Mode::infer, .dtype = DType::f32});
  plan.bind(weights);
  plan.params_changed();
  for (int64_t i = 0; i < plan.input().elements(); ++i) plan.input().f32()[i] = std::sin(static_cast<float>(i));
  plan.forward();
  return {plan.output().f32(), plan.output().f32() + plan.output().elements()};
}

TEST(Onnx, ThereAndBackKeepsEveryBit) {
  const TempFolder folder;
  for (const char* model : {"cifar-resnet8", "cifar-plain8", "cifar-resnet8-b", "cifar-resnet8-c", "resnet18"}) {
    save_checkpoint(folder / "a.safetensors", example(model));
    convert_weights(folder / "a.safetensors", folder / "b.onnx");
    convert_weights(folder / "b.onnx", folder / "c.safetensors");
    EXPECT_EQ(get_file(folder / "a.safetensors"), get_file(folder / "c.safetensors")) << model;
  }
}

TEST(Onnx, FoldedBatchNormsComputeTheSame) {
  const TempFolder folder;
  const Checkpoint c = example("cifar-resnet8-b");
  save_checkpoint(folder / "a.safetensors", c);
  convert_weights(folder / "a.safetensors", folder / "b.onnx", {.model = "", .weights_only = false, .fold = true});
  const std::vector<float> want = logits(c), got = logits(load_weights(folder / "b.onnx").checkpoint);
  for (size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got[i], want[i], 1e-4f);
}

TEST(OnnxSlow, PoolsToAFixedSize) {
  const TempFolder folder;
  const Checkpoint c = example("vgg11_bn", 224);
  save_checkpoint(folder / "a.safetensors", c);
  convert_weights(folder / "a.safetensors", folder / "b.onnx", {.model = "", .weights_only = false, .fold = true});
  const LoadedWeights back = load_weights(folder / "b.onnx");
  EXPECT_EQ(back.checkpoint.model, "vgg11_bn");
  const std::vector<float> want = logits(c), got = logits(back.checkpoint);
  for (size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got[i], want[i], 1e-4f * std::abs(want[i]) + 1e-4f);
}

TEST(Onnx, NetworksAreKnownByTheirForm) {
  for (const char* model :
       {"resnet18", "resnet34", "resnet34-a", "resnet50", "resnet50-v1", "plain18", "vgg11", "alexnet"}) {
    const Graph graph = make_model(model, {.classes = 3});
    StateDict weights;
    for (const ParamSpec& p : graph.params()) weights[p.suffix] = Tensor(p.shape);
    const auto same = same_network(graph, weights);
    ASSERT_TRUE(same) << model;
    EXPECT_EQ(same->model, model);
    EXPECT_EQ(same->weights.size(), weights.size());
  }
}

/// A model of these nodes between "x" [N,3,8,8] and "y".
std::string model_of(const std::vector<Message>& nodes, const std::vector<Message>& initializers = {}) {
  const auto value = [](const char* name) {
    Message shape, tensor, type;
    for (const int64_t d : {1, 3, 8, 8}) shape.message(1, Message().number(1, d));
    tensor.number(1, 1).message(2, shape);
    type.message(1, tensor);
    return std::move(Message().text(1, name).message(2, type));
  };
  Message graph;
  for (const Message& node : nodes) graph.message(1, node);
  for (const Message& tensor : initializers) graph.message(5, tensor);
  graph.message(11, value("x")).message(12, value("y"));
  return Message().number(1, 8).message(7, graph).bytes();
}
Message node(const char* type, const char* from = "x", const char* to = "y") {
  return std::move(Message().text(1, from).text(2, to).text(4, type));
}
std::string error_of_model(const std::string& bytes) {
  const TempFolder folder;
  put_file(folder / "m.onnx", bytes);
  return error_of([&] { load_weights(folder / "m.onnx"); });
}

/// Weights [4,3,1,1] named "w", without elements.
Message weights() {
  Message tensor;
  for (const int64_t d : {4, 3, 1, 1}) tensor.number(1, d);
  return std::move(tensor.number(2, 1).text(8, "w"));
}
Message conv(const char* w, const char* to = "y") {
  return std::move(Message().text(1, "x").text(1, w).text(2, to).text(4, "Conv"));
}

TEST(Onnx, WhatPyTorchsExportersWrite) {
  const std::string elements(4 * 3 * 4, '\0');
  const Message held = weights().text(9, elements);
  const Message axes = Message().text(1, "axes").number(8, -1).number(8, -2);
  const std::string known = "is none of those here";  // so far it was understood
  EXPECT_THAT(error_of_model(model_of({node("Identity", "w", "v"), conv("v")}, {held})), HasSubstr(known));
  EXPECT_THAT(error_of_model(model_of({conv("w", "z"), node("ReduceMean", "z").message(5, axes)}, {held})),
              HasSubstr(known));
}

TEST(Onnx, TensorsInAFileBesideIt) {
  const TempFolder folder;
  const auto error_with = [&](const char* location, const char* offset) {
    const Message where = Message().text(1, "location").text(2, location),
                  at = Message().text(1, "offset").text(2, offset);
    const Message outside = weights().message(13, where).message(13, at).number(14, 1);
    put_file(folder / "m.onnx", model_of({conv("w")}, {outside}));
    return error_of([&] { load_weights(folder / "m.onnx"); });
  };
  EXPECT_THAT(error_with("w.bin", "8"), HasSubstr("is not beside it"));
  put_file(folder / "w.bin", std::string(8 + 48, '\0'));
  EXPECT_THAT(error_with("w.bin", "8"), HasSubstr("is none of those here"));
  EXPECT_THAT(error_with("w.bin", "9"), HasSubstr("has 56 bytes, but 48 from byte 9 on are needed"));
  EXPECT_THAT(error_with("w.bin", "18446744073709551615"), HasSubstr("are needed"));
  EXPECT_THAT(error_with("w.bin", "-1"), HasSubstr("is no number"));
  for (const char* elsewhere : {"../w.bin", "/etc/passwd", "..", ""})
    EXPECT_THAT(error_with(elsewhere, "8"), HasSubstr("must lie in the same folder")) << elsewhere;
}

TEST(Onnx, UnsupportedNodesAreListed) {
  EXPECT_THAT(error_of_model(model_of({node("HardSwish"), node("Mul"), node("HardSwish"), node("Relu")})),
              HasSubstr("not supported: HardSwish (2), Mul (1)"));
  EXPECT_THAT(error_of_model(model_of({node("Relu")})), HasSubstr("is none of those here"));
}

TEST(Onnx, MalformedFilesAreRefused) {
  EXPECT_THAT(error_of_model(""), HasSubstr("is empty"));
  EXPECT_THAT(error_of_model("hello"), HasSubstr("not an ONNX file"));
  EXPECT_THAT(error_of_model(model_of({node("Relu", "z")})), HasSubstr("reads what no node before it has made"));
  EXPECT_THAT(error_of_model(model_of({node("Relu", "x", "z")})), HasSubstr("no node makes the output 'y'"));
  EXPECT_THAT(error_of_model(model_of({node("Conv")})), HasSubstr("is not a tensor of the file"));
  const std::string whole = model_of({node("Relu")});
  for (size_t n = 0; n < whole.size(); ++n) EXPECT_NE(error_of_model(whole.substr(0, n)), "") << n;
}

}  // namespace
}  // namespace resnet
