#include "resnet/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "io/temp_folder.h"

namespace resnet {
namespace {

using testing::HasSubstr;
using testing::Not;

Tensor filled(Shape shape, float value) {
  Tensor t(shape);
  for (float& v : t.as<float>()) v = value;
  return t;
}

Checkpoint example() {
  return {.model = "cifar-resnet20",
          .classes = {"cat", "\"dog\"", "zèbre"},
          .preprocessing = {.size = 4, .mean = filled({4, 4, 3}, 0.5f), .std = filled({3}, 1)},
          .weights = {{"conv1.weight", filled({2, 3, 3, 3}, 0.1f)}, {"fc.bias", filled({3}, -1)}},
          .momentum = {{"conv1.weight", filled({2, 3, 3, 3}, 0.2f)}},
          .state = {{"step", "12"}, {"recipe", "[model]\nname = \"cifar-resnet20\"\n"}}};
}

TEST(Checkpoint, RoundTrip) {
  const TempFolder folder;
  const Checkpoint saved = example();
  save_checkpoint(folder / "c", saved);
  const Checkpoint loaded = load_checkpoint(folder / "c");
  EXPECT_EQ(loaded.model, saved.model);
  EXPECT_EQ(loaded.classes, saved.classes);
  EXPECT_EQ(loaded.state, saved.state);
  EXPECT_EQ(loaded.preprocessing.size, 4);
  EXPECT_EQ(loaded.preprocessing.mean.shape(), Shape({4, 4, 3}));
  EXPECT_EQ(loaded.preprocessing.mean.f32()[47], 0.5f);
  ASSERT_EQ(loaded.weights.size(), 2u);
  EXPECT_EQ(loaded.weights.at("fc.bias").f32()[2], -1);
  ASSERT_EQ(loaded.momentum.size(), 1u);
  EXPECT_EQ(loaded.momentum.at("conv1.weight").f32()[0], 0.2f);
}

TEST(Checkpoint, PytorchsBatchCountersAreLeftOut) {
  const TempFolder folder;
  Checkpoint c = example();
  c.weights["bn1.num_batches_tracked"] = Tensor(Shape{}, DType::i64);
  save_checkpoint(folder / "c", c);
  EXPECT_EQ(load_checkpoint(folder / "c").weights.size(), 2u);
}

TEST(Checkpoint, OtherTypesBecomeF32) {
  const TempFolder folder;
  save_checkpoint(folder / "c", example());
  SafetensorsFile file = read_safetensors(folder / "c");
  Tensor half({2}, DType::f16), brain({1}, DType::bf16), wide({1}, DType::f64), whole({1}, DType::i64);
  static_cast<uint16_t*>(half.raw())[0] = 0x3e00;
  static_cast<uint16_t*>(half.raw())[1] = 0x8001;
  brain.as<uint16_t>()[0] = 0xbf80;
  static_cast<double*>(wide.raw())[0] = 0.25;
  whole.as<int64_t>()[0] = -7;
  file.tensors["half"] = half;
  file.tensors["brain"] = brain;
  file.tensors["wide"] = wide;
  file.tensors["whole"] = whole;
  write_safetensors(folder / "d", file.tensors, file.metadata);
  const StateDict weights = load_checkpoint(folder / "d").weights;
  EXPECT_EQ(weights.at("half").f32()[0], 1.5f);
  EXPECT_EQ(weights.at("half").f32()[1], -0x1p-24f);
  EXPECT_EQ(weights.at("brain").f32()[0], -1);
  EXPECT_EQ(weights.at("wide").f32()[0], 0.25f);
  EXPECT_EQ(weights.at("whole").f32()[0], -7);
}

TEST(Checkpoint, WritingToWeightsLeavesTheFileAlone) {
  const TempFolder folder;
  save_checkpoint(folder / "c", example());
  load_checkpoint(folder / "c").weights.at("fc.bias").f32()[0] = 5;
  EXPECT_EQ(load_checkpoint(folder / "c").weights.at("fc.bias").f32()[0], -1);
}

/// The file of example() with its metadata and tensors changed by `edit`, and the error of loading it.
template <class Edit> std::string error_after(Edit edit) {
  const TempFolder folder;
  save_checkpoint(folder / "c", example());
  SafetensorsFile file = read_safetensors(folder / "c");
  edit(file);
  write_safetensors(folder / "d", file.tensors, file.metadata);
  return error_of([&] { load_checkpoint(folder / "d"); });
}

TEST(Checkpoint, ForeignAndDamagedFilesSayWhatIsMissing) {
  EXPECT_THAT(error_after([](auto& f) { f.metadata.clear(); }), HasSubstr("'format' is missing"));
  EXPECT_THAT(error_after([](auto& f) { f.metadata["format"] = "pt"; }), HasSubstr("'format' is 'pt'"));
  EXPECT_THAT(error_after([](auto& f) { f.metadata.erase("model"); }), HasSubstr("'model' is missing"));
  EXPECT_THAT(error_after([](auto& f) { f.metadata["format_version"] = "4"; }), HasSubstr("newer than this program"));
  EXPECT_THAT(error_after([](auto& f) { f.metadata["format_version"] = "x"; }), HasSubstr("'format_version' is 'x'"));
  EXPECT_THAT(error_after([](auto& f) { f.metadata["classes"] = "cat"; }), HasSubstr("not a JSON list"));
  EXPECT_THAT(error_after([](auto& f) { f.metadata["classes"] = "[]"; }), HasSubstr("names no classes"));
  EXPECT_THAT(error_after([](auto& f) {
                f.tensors["preprocessing.std"] = Tensor({3});
                std::fill_n(f.tensors["preprocessing.std"].f32(), 3, 0.0f);
              }),
              HasSubstr("preprocessing.std holds 0"));
  EXPECT_THAT(error_after([](auto& f) { f.metadata["image_size"] = "-1"; }), HasSubstr("'image_size' is '-1'"));
  EXPECT_THAT(error_after([](auto& f) { f.tensors.erase("preprocessing.mean"); }),
              HasSubstr("'preprocessing.mean' is missing"));
  EXPECT_THAT(error_after([](auto& f) { f.tensors["preprocessing.mean"] = Tensor({5, 5, 3}); }), HasSubstr("[5,5,3]"));
  EXPECT_THAT(error_after([](auto& f) {
                f.tensors.erase("fc.bias");
                f.tensors.erase("conv1.weight");
              }),
              HasSubstr("holds no weights"));
}

TEST(CheckStateDict, AcceptsWhatFits) {
  const std::vector<std::pair<std::string, Shape>> wanted{{"a", {1}}};
  EXPECT_EQ(error_of([&] {
              check_state_dict({{"a", Tensor({1})}, {"bn.num_batches_tracked", Tensor({1})}}, wanted, "w");
            }),
            "");
}

TEST(CheckStateDict, ListsDifferences) {
  const std::vector<std::pair<std::string, Shape>> wanted{{"fc.weight", {10, 64}}, {"fc.bias", {10}}};
  const std::string error = error_of([&] {
    check_state_dict({{"fc.weight", Tensor({100, 64})}, {"linear.bias", Tensor({10})}}, wanted, "weights of x");
  });
  EXPECT_THAT(error, HasSubstr("weights of x: 3 tensors differ"));
  EXPECT_THAT(error, HasSubstr("'fc.weight' is [100,64], the model wants [10,64]"));
  EXPECT_THAT(error, HasSubstr("'fc.bias' [10] is missing"));
  EXPECT_THAT(error, HasSubstr("'linear.bias' [10] is not part of the model"));
  EXPECT_THAT(error, HasSubstr("nearest to 'fc.bias' in the file is 'linear.bias'"));
}

TEST(CheckStateDict, SeesAPrefix) {
  const std::string error = error_of([&] { check_state_dict({{"module.a", Tensor({1})}}, {{"a", {1}}}, "w"); });
  EXPECT_THAT(error, HasSubstr("prefix 'module.'"));
}

TEST(CheckStateDict, ListsAtMostTen) {
  std::vector<std::pair<std::string, Shape>> wanted;
  for (int i = 10; i < 35; ++i) wanted.emplace_back(std::string(1, 'p') + std::to_string(i), Shape{1});
  const std::string error = error_of([&] { check_state_dict({}, wanted, "w"); });
  EXPECT_THAT(error, HasSubstr("and 15 more"));
  EXPECT_THAT(error, HasSubstr("'p19'"));
  EXPECT_THAT(error, Not(HasSubstr("'p20'")));
}

}  // namespace
}  // namespace resnet
