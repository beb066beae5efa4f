// Frozen stages, moving averages, early stop and class weights in runs, alone and when a run is resumed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temp_folder.h"
#include "train/class_weights.h"
#include "train/ema.h"
#include "train/targets.h"
#include "train/tiny.h"

namespace resnet {
namespace {

using testing::HasSubstr;

TrainConfig config_in(const std::string& folder) {
  TrainConfig c = tiny_config();
  c.epochs = 0;
  c.steps = 20;
  c.output_dir = folder;
  c.freeze = "layer1";
  c.ema = 0.9f;
  c.class_weights = "balanced";
  c.crop = "resized";
  c.brightness = c.hue = 0.2f;
  c.trivial_augment = true;
  c.color_pca = 0.1f;
  c.erase = 0.2f;
  c.mixup = c.cutmix = 0.5f;
  c.label_smoothing = 0.1f;
  return c;
}

TEST(Finetune, ResumingIsExactWithEverything) {
  const TempFolder folder;
  TrainConfig c = config_in(folder / "whole");
  const TrainResult whole = train(c);
  c.output_dir = folder / "parts";
  c.workers = 2;
  train(c, [](const Progress& p) {
    if (p.step == 9 && !p.epoch_end) request_stop();
  });
  c.resume = true;
  c.workers = 0;
  const TrainResult second = train(c);
  EXPECT_TRUE(same_bits(whole.checkpoint.weights, second.checkpoint.weights));
  EXPECT_TRUE(same_bits(whole.checkpoint.ema, second.checkpoint.ema));
  EXPECT_EQ(whole.best_top1, second.best_top1);
  EXPECT_TRUE(same_bits(load_checkpoint(folder / "whole/best.safetensors").weights,
                        load_checkpoint(folder / "parts/best.safetensors").weights));
}

TEST(Finetune, FrozenWeightsAndStatisticsStay) {
  const TempFolder folder;
  TrainConfig c = tiny_config();
  c.output_dir = folder / "first";
  const TrainResult first = train(c);
  c.output_dir.clear();
  c.pretrained = folder / "first/last.safetensors";
  c.freeze = "layer2";
  c.data = "synthetic:train=100,val=40,classes=3";
  const TrainResult r = train(c);
  for (const auto& [key, tensor] : first.checkpoint.weights) {
    const bool frozen = !key.starts_with("layer3") && !key.starts_with("fc");
    EXPECT_EQ(same_bits({{key, tensor}}, {{key, r.checkpoint.weights.at(key)}}), frozen) << key;
  }
  EXPECT_FALSE(r.checkpoint.momentum.contains("layer2.0.conv1.weight"));
  c.freeze = "layer7";
  EXPECT_THAT(error_of([&] { train(c); }), HasSubstr("no stage 'layer7'"));
}

TEST(Finetune, TheAverageIsEvaluatedAndStoredAsBest) {
  const TempFolder folder;
  TrainConfig c = tiny_config();
  c.output_dir = folder / "run";
  c.ema = 0.99f;
  c.epochs = 1;
  const TrainResult r = train(c);
  const Checkpoint best = load_checkpoint(folder / "run/best.safetensors");
  EXPECT_TRUE(best.ema.empty());
  EXPECT_TRUE(same_bits(best.weights, r.checkpoint.ema));
  EXPECT_FALSE(same_bits(best.weights, r.checkpoint.weights));
  const Checkpoint last = load_checkpoint(folder / "run/last.safetensors");
  EXPECT_TRUE(same_bits(last.ema, r.checkpoint.ema));
  EXPECT_TRUE(same_bits(last.weights, r.checkpoint.weights));
}

TEST(Finetune, StopsWhenAccuracyDoesNotRise) {
  const TempFolder folder;
  TrainConfig c = tiny_config();
  c.output_dir = folder / "run";
  c.epochs = 30;
  c.lr = 0;
  c.bn_momentum = 0;
  c.early_stop = 3;
  std::string notes;
  const TrainResult r = train(c, [&](const Progress& p) { notes += p.note; });
  EXPECT_EQ(r.step, 4 * 6);  // the first epoch is the best one
  EXPECT_FALSE(r.interrupted);
  EXPECT_EQ(r.eval.samples, 40);
  EXPECT_THAT(notes, HasSubstr("stopped early"));
  c.resume = true;
  EXPECT_EQ(train(c).step, 4 * 6);
  c.early_stop = 5;  // goes on
  EXPECT_EQ(train(c).step, 6 * 6);
  c.resume = false;
  c.eval_every = 0;
  EXPECT_THAT(error_of([&] { train(c); }), HasSubstr("train.early_stop"));
}

TEST(Finetune, KeepsTheFilesNetworkSizeAndNormalisation) {
  const TempFolder folder;
  TrainConfig c = tiny_config();
  c.output_dir = folder / "first";
  train(c);
  TrainConfig tuned = finetune_config(folder / "first/best.safetensors");
  EXPECT_EQ(tuned.model, "cifar-resnet8");
  EXPECT_EQ(tuned.image_size, 8);
  tuned.data = "synthetic:train=100,val=40,classes=3,size=12";
  tuned.image_size = 12;
  tuned.epochs = 1;
  tuned.pad = 1;
  const TrainResult r = train(tuned);
  EXPECT_EQ(r.checkpoint.preprocessing.size, 12);
  EXPECT_EQ(r.checkpoint.preprocessing.mean.shape(), Shape({3}));
  const Tensor before = load_checkpoint(folder / "first/best.safetensors").preprocessing.mean;
  double mean = 0;
  for (int64_t k = 0; k < before.elements(); k += 3) mean += double(before.f32()[k]) / 64;
  EXPECT_NEAR(r.checkpoint.preprocessing.mean.f32()[0], mean, 1e-5);
}

TEST(ClassWeights, BalancedOrGiven) {
  const DataSplits data = open_data("synthetic:train=90,val=10,classes=3,size=8");
  int64_t counts[3] = {};
  for (int64_t i = 0; i < 90; ++i) ++counts[data.train->label(i)];
  const std::vector<float> w = class_weights("balanced", *data.train);
  for (size_t k = 0; k < 3; ++k) EXPECT_NEAR(w[k], 90.0 / (3 * double(counts[k])), 1e-5);
  EXPECT_EQ(class_weights("1, 0.5,2", *data.train), (std::vector<float>{1, 0.5f, 2}));
  EXPECT_TRUE(class_weights("", *data.train).empty());
  EXPECT_THAT(error_of([&] { class_weights("1,2", *data.train); }), HasSubstr("2 numbers for 3 classes"));
  EXPECT_THAT(error_of([&] { class_weights("1,x,2", *data.train); }), HasSubstr("'x' is no weight"));
  EXPECT_THAT(error_of([&] { class_weights("1,-1,2", *data.train); }), HasSubstr("'-1' is no weight"));
  EXPECT_THAT(error_of([&] { class_weights("0,0,0", *data.train); }), HasSubstr("all 0"));
}

TEST(Targets, MixedSmoothedAndWeighted) {
  Batch batch;
  batch.count = 2;
  batch.labels = Tensor({2}, DType::i32);
  batch.other_labels = Tensor({2}, DType::i32);
  batch.labels.i32()[0] = batch.other_labels.i32()[1] = 0;
  batch.labels.i32()[1] = batch.other_labels.i32()[0] = 2;
  batch.share = 0.7f;
  float t[6];
  make_targets(batch, {3, 0.3f, {}}, t);
  const float plain[6] = {0.59f, 0.1f, 0.31f, 0.31f, 0.1f, 0.59f};
  for (int i = 0; i < 6; ++i) EXPECT_NEAR(t[i], plain[i], 1e-6);
  make_targets(batch, {3, 0.3f, {1, 5, 3}}, t);
  const float weights[3] = {1, 5, 3}, scale = 2.0f / 4.0f;  // the labels' weights add up to 4
  for (int i = 0; i < 6; ++i) EXPECT_NEAR(t[i], plain[i] * weights[i % 3] * scale, 1e-6);
}

TEST(Ema, FollowsTheWeights) {
  StateDict weights;
  weights["w"] = Tensor({2});
  Ema ema(0.9, weights);
  weights["w"].f32()[0] = 1;
  ema.update(1);  // decay 2/11
  EXPECT_NEAR(ema.averages().at("w").f32()[0], 9.0 / 11, 1e-6);
  ema.update(1000);
  EXPECT_NEAR(ema.averages().at("w").f32()[0], 9.0 / 11 + 0.1 * 2 / 11, 1e-6);
}

}  // namespace
}  // namespace resnet
