#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "eval/recognize.h"
#include "io/checkpoint_file.h"
#include "io/temp_folder.h"
#include "io/weights_file.h"
#include "resnet/classifier.h"
#include "resnet/models.h"

namespace resnet {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

StateDict weights_of(const std::string& model, int64_t classes) {
  return init_params(make_model(model, {.classes = classes}), {.seed = 3});
}

/// Tensors of the right shapes.
StateDict shapes_of(const std::string& model, int64_t classes) {
  StateDict tensors;
  for (const ParamSpec& p : make_model(model, {.classes = classes}).params()) tensors[p.suffix] = Tensor(p.shape);
  return tensors;
}

TEST(FittingModels, EveryNetworkIsItsOwn) {
  for (const char* model : {"resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "cifar-resnet20-b"})
    EXPECT_THAT(fitting_models(shapes_of(model, 7)), ElementsAre(model));
  EXPECT_THAT(fitting_models(shapes_of("resnet50-v1", 7)), ElementsAre("resnet50"));
  EXPECT_THAT(fitting_models(shapes_of("cifar-resnet26", 10)), UnorderedElementsAre("cifar-resnet26", "cifar-plain26"));
  EXPECT_THAT(fitting_models(shapes_of("plain34", 10)), UnorderedElementsAre("plain34", "resnet34-a"));
}

TEST(LoadWeights, TorchvisionsFileIsRecognised) {
  const TempFolder folder;
  SafetensorsFile file;
  file.tensors = weights_of("resnet18", 5);
  file.tensors["bn1.num_batches_tracked"] = Tensor(Shape{}, DType::i64);
  write_torch(folder / "w.pth", file);
  const LoadedWeights loaded = load_weights(folder / "w.pth");
  EXPECT_EQ(loaded.checkpoint.model, "resnet18");
  EXPECT_EQ(loaded.checkpoint.classes.size(), 5u);
  EXPECT_EQ(loaded.checkpoint.preprocessing.size, 224);
  EXPECT_EQ(loaded.checkpoint.preprocessing.std.f32()[2], 0.225f);
  EXPECT_THAT(loaded.notes, Contains(HasSubstr("ImageNet's mean and deviation are assumed")));
}

TEST(LoadWeights, WhatTensorsDoNotTellIsAskedFor) {
  const TempFolder folder;
  SafetensorsFile file;
  file.tensors = weights_of("cifar-resnet20", 10);
  write_torch(folder / "w.pth", file);
  EXPECT_THAT(error_of([&] { load_weights(folder / "w.pth"); }), HasSubstr("say which one with --model"));
  EXPECT_EQ(load_weights(folder / "w.pth", "cifar-plain20").checkpoint.model, "cifar-plain20");
  EXPECT_THAT(error_of([&] { load_weights(folder / "w.pth", "cifar-resnet32"); }), HasSubstr("is missing"));
  file.tensors.erase("layer1.0.conv1.weight");
  write_torch(folder / "w.pth", file);
  EXPECT_THAT(error_of([&] { load_weights(folder / "w.pth"); }), HasSubstr("none of the networks here"));
}

TEST(LoadWeights, CaffesNetworksStrideInTheFirst) {
  const TempFolder folder;
  SafetensorsFile file;
  for (const auto& [name, tensor] : weights_of("resnet50", 4)) {
    // "layer1.0.conv1.weight" as "res2_0_branch2a_w": enough of Caffe2's names to be known by.
    file.tensors[name == "layer1.0.conv1.weight" ? "res2_0_branch2a_w" : name] = tensor;
  }
  write_torch(folder / "w.pth", file);
  EXPECT_EQ(load_weights(folder / "w.pth").checkpoint.model, "resnet50-v1");
}

Checkpoint example() {
  Checkpoint c;
  c.model = "cifar-resnet8";
  c.classes = {"cat", "\"dog\""};
  c.preprocessing = {.size = 16, .mean = Tensor({3}), .std = Tensor({3})};
  std::fill_n(c.preprocessing.std.f32(), 3, 0.1f);
  c.weights = weights_of("cifar-resnet8", 2);
  return c;
}

TEST(ConvertWeights, ThereAndBackKeepsEveryBit) {
  const TempFolder folder;
  Checkpoint c = example();
  c.momentum["conv1.weight"] = Tensor({16, 3, 3, 3});
  c.state["step"] = "12";
  save_checkpoint(folder / "a.safetensors", c);
  convert_weights(folder / "a.safetensors", folder / "b.pth");
  convert_weights(folder / "b.pth", folder / "c.safetensors");
  EXPECT_EQ(get_file(folder / "a.safetensors"), get_file(folder / "c.safetensors"));
}

TEST(ConvertWeights, TypesAndCountersOfOtherProgramsStay) {
  const TempFolder folder;
  SafetensorsFile file;
  file.tensors = weights_of("resnet18", 5);
  file.tensors["bn1.num_batches_tracked"] = Tensor(Shape{}, DType::i64);
  file.tensors["fc.bias"] = Tensor({5}, DType::f16);
  write_torch(folder / "a.pth", file);
  convert_weights(folder / "a.pth", folder / "b.safetensors");
  const SafetensorsFile b = read_safetensors(folder / "b.safetensors");
  EXPECT_EQ(b.tensors.at("fc.bias").dtype(), DType::f16);
  EXPECT_EQ(b.tensors.at("bn1.num_batches_tracked").dtype(), DType::i64);
  for (const auto& [name, tensor] : file.tensors)
    EXPECT_EQ(std::memcmp(b.tensors.at(name).raw(), tensor.raw(), tensor.bytes()), 0) << name;
}

TEST(ConvertWeights, RoundedToBf16) {
  const TempFolder folder;
  Checkpoint c = example();
  c.momentum["conv1.weight"] = Tensor({16, 3, 3, 3});
  save_checkpoint(folder / "a.safetensors", c);
  for (const char* name : {"b.safetensors", "b.pth"}) {
    convert_weights(folder / "a.safetensors", folder / name, {.model = "", .bf16 = true});
    const SafetensorsFile file = read_weights(folder / name);
    const Checkpoint b = load_weights(folder / name).checkpoint;
    EXPECT_TRUE(b.momentum.empty());
    for (const auto& [key, was] : c.weights) {
      EXPECT_EQ(file.tensors.at(key).dtype(), was.shape().rank() < 2 ? DType::f32 : DType::bf16) << key;
      const float *from = was.f32(), *to = b.weights.at(key).f32();
      for (int64_t i = 0; i < was.elements(); ++i) ASSERT_LE(std::abs(to[i] - from[i]), std::abs(from[i]) / 256) << key;
    }
  }
  EXPECT_THAT(
      error_of([&] { convert_weights(folder / "a.safetensors", folder / "b.onnx", {.model = "", .bf16 = true}); }),
      HasSubstr("leave --bf16 out"));
}

TEST(ConvertWeights, WhatIsNoF32IsRoundedToBf16Too) {
  const TempFolder folder;
  SafetensorsFile file;
  file.tensors = weights_of("resnet18", 5);
  Tensor doubles({5, 512}, DType::f64);
  std::fill_n(static_cast<double*>(doubles.raw()), doubles.elements(), 0.3);
  file.tensors["fc.weight"] = doubles;
  write_torch(folder / "a.pth", file);
  convert_weights(folder / "a.pth", folder / "b.safetensors", {.model = "", .bf16 = true});
  EXPECT_EQ(read_safetensors(folder / "b.safetensors").tensors.at("fc.weight").dtype(), DType::bf16);
  EXPECT_FLOAT_EQ(load_weights(folder / "b.safetensors").checkpoint.weights.at("fc.weight").f32()[7], 0.30078125f);
}

TEST(ConvertWeights, AFolderForTimm) {
  const TempFolder folder;
  save_checkpoint(folder / "a.safetensors", example());
  convert_weights(folder / "a.safetensors", folder / "timm");
  const auto config = nlohmann::json::parse(get_file(folder / "timm/config.json"));
  EXPECT_EQ(config["architecture"], "cifar-resnet8");
  EXPECT_EQ(config["num_classes"], 2);
  convert_weights(folder / "timm", folder / "b.safetensors");
  EXPECT_EQ(get_file(folder / "a.safetensors"), get_file(folder / "b.safetensors"));
}

TEST(ConvertWeights, WhatAFormatCannotHoldIsRefused) {
  const TempFolder folder;
  Checkpoint c = example();
  save_checkpoint(folder / "a.safetensors", c);
  EXPECT_THAT(error_of([&] { convert_weights(folder / "a.safetensors", folder / "b.h5"); }), HasSubstr("'.h5'"));
  EXPECT_THAT(error_of([&] { convert_weights(folder / "a.safetensors", folder / "a.safetensors"); }),
              HasSubstr("is what is to be converted"));
  EXPECT_THAT(
      error_of([&] { convert_weights(folder / "a.safetensors", folder / "b.pth", {.model = "", .fold = true}); }),
      HasSubstr("in ONNX files only"));
  c.preprocessing.mean = Tensor({16, 16, 3});
  c.momentum["conv1.weight"] = Tensor({16, 3, 3, 3});
  save_checkpoint(folder / "a.safetensors", c);
  EXPECT_THAT(error_of([&] { convert_weights(folder / "a.safetensors", folder / "f"); }),
              HasSubstr("cannot hold the state of a training"));
  EXPECT_THAT(
      error_of([&] { convert_weights(folder / "a.safetensors", folder / "f", {.model = "", .weights_only = true}); }),
      HasSubstr("cannot hold a mean a pixel"));
}

TEST(LoadWeights, ATransformersFolder) {
  const TempFolder folder;
  const StateDict own = weights_of("resnet50", 2);
  std::filesystem::create_directory(folder / "hf");
  write_safetensors(folder / "hf/model.safetensors", own, {{"format", "pt"}});
  put_file(folder / "hf/config.json", R"({"model_type": "resnet", "downsample_in_bottleneck": true,
                                          "id2label": {"0": "ant", "1": "bee"}})");
  put_file(folder / "hf/preprocessor_config.json", R"({"image_mean": [0.5, 0.5, 0.5], "image_std": [0.25, 0.25, 0.25],
                                                       "size": {"shortest_edge": 160}})");
  const Checkpoint c = load_weights(folder / "hf").checkpoint;
  EXPECT_EQ(c.model, "resnet50-v1");
  EXPECT_THAT(c.classes, ElementsAre("ant", "bee"));
  EXPECT_EQ(c.preprocessing.size, 160);
  EXPECT_EQ(c.preprocessing.std.f32()[0], 0.25f);
  put_file(folder / "hf/config.json", R"({"model_type": "bert"})");
  EXPECT_THAT(error_of([&] { load_weights(folder / "hf"); }), HasSubstr("only 'resnet' is supported"));
}

}  // namespace
}  // namespace resnet
