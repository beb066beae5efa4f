#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temp_folder.h"
#include "train/tiny.h"

namespace resnet {
namespace {

using testing::HasSubstr;

TEST(Train, LossFalls) {
  TrainConfig c = tiny_config();
  c.epochs = 12;
  double first = 0;
  const TrainResult r = train(c, [&](const Progress& p) {
    if (p.epoch_end && first == 0) first = p.loss;
  });
  EXPECT_EQ(r.step, 12 * 6);
  EXPECT_FALSE(r.interrupted);
  EXPECT_GT(first, 0.9);
  EXPECT_LT(r.train_loss, 0.7 * first);
  EXPECT_GT(r.eval.top1, 40);  // of four classes
  EXPECT_EQ(r.eval.samples, 40);
}

TEST(Train, ProgressCountsStepsAndEpochs) {
  TrainConfig c = tiny_config();
  c.epochs = 0;
  c.steps = 8;
  c.eval_every = 0;
  int64_t steps = 0, ends = 0, evaluations = 0;
  train(c, [&](const Progress& p) {
    EXPECT_EQ(p.steps, 8);
    ends += p.epoch_end;
    evaluations += p.eval.has_value();
    if (p.epoch_end) return;
    EXPECT_EQ(p.step, ++steps);
  });
  EXPECT_EQ(steps, 8);
  EXPECT_EQ(ends, 2);         // the whole epoch of six steps and the begun one
  EXPECT_EQ(evaluations, 1);  // at the end of the run
}

TEST(Train, TellsOfSoManySteps) {
  TrainConfig c = tiny_config();
  c.epochs = 0;
  c.steps = 8;
  c.log_every = 3;
  c.eval_every = 0;
  std::vector<int64_t> told;
  double of_epoch = 0, of_steps = 0;  // mean losses of the first three steps
  train(c, [&](const Progress& p) {
    if (p.log_due) told.push_back(p.step);
    if (p.step == 3 && !p.epoch_end) (p.log_due ? of_steps : of_epoch) = p.loss;
  });
  EXPECT_THAT(told, testing::ElementsAre(3, 6));
  EXPECT_GT(of_steps, 0);
  EXPECT_EQ(of_steps, of_epoch);
}

TEST(Train, WritesTheRunsFolder) {
  const TempFolder folder;
  TrainConfig c = tiny_config();
  c.output_dir = folder / "run";
  const TrainResult r = train(c);
  const std::string table = get_file(folder / "run/metrics.csv");
  EXPECT_THAT(table, HasSubstr("\n1,6,0.05,"));
  EXPECT_THAT(table, HasSubstr("\n2,12,0.05,"));
  EXPECT_EQ(load_recipe(folder / "run/config.toml").batch, 16);
  const Checkpoint last = load_checkpoint(folder / "run/last.safetensors");
  EXPECT_TRUE(same_bits(last.weights, r.checkpoint.weights));
  EXPECT_EQ(last.state.at("step"), "12");
  EXPECT_FALSE(last.momentum.empty());
  const Checkpoint best = load_checkpoint(folder / "run/best.safetensors");
  EXPECT_TRUE(best.momentum.empty());
  EXPECT_EQ(best.model, "cifar-resnet8");
  EXPECT_EQ(best.classes.size(), 4u);
}

TEST(Train, TheIncompleteLastBatchCanBeTrainedOn) {
  TrainConfig c = tiny_config();
  c.drop_last = false;
  EXPECT_EQ(train(c).step, 2 * 7);
  c.bn_group = 8;  // the last batch has four pictures
  EXPECT_THAT(error_of([&] { train(c); }), HasSubstr("drop_last"));
  c.drop_last = true;
  EXPECT_EQ(train(c).step, 2 * 6);
}

TEST(Train, ALossThatIsNotFiniteStopsAndSavesNothing) {
  const TempFolder folder;
  TrainConfig c = tiny_config();
  c.output_dir = folder / "run";
  c.lr = 1e30f;
  const std::string error = error_of([&] { train(c); });
  EXPECT_THAT(error, HasSubstr("not finite"));
  EXPECT_THAT(error, HasSubstr("step"));
  EXPECT_THAT(error, HasSubstr("learning rate 1e+30"));
  EXPECT_THAT(error, HasSubstr("lower learning rate"));
  EXPECT_FALSE(std::filesystem::exists(folder / "run/last.safetensors"));
}

TEST(Train, ErrorWarmupEndsOnlyWhenTheErrorIsLow) {
  TrainConfig c = tiny_config();
  c.epochs = 18;  // 108 steps: one block of 100
  c.warmup_lr = 0.02;
  c.warmup_until_error = 99.9;
  double before = 0, after = 0;
  train(c, [&](const Progress& p) { (p.step <= 100 ? before : after) = p.lr; });
  EXPECT_FLOAT_EQ(static_cast<float>(before), 0.02f);
  EXPECT_FLOAT_EQ(static_cast<float>(after), 0.05f);
}

TEST(Train, ExpectationsAreChecked) {
  TrainConfig c = tiny_config();
  c.expect_metric = "test_error";
  c.expect_value = 0;
  c.expect_tolerance = 0;
  c.epochs = 1;
  EXPECT_EQ(train(c).verdict, Verdict::missed);
  c.expect_value = 100;
  EXPECT_EQ(train(c).verdict, Verdict::reached);
  c.expect_steps = 7;  // an epoch has six
  EXPECT_EQ(train(c).verdict, Verdict::shortened);
}

TEST(Train, TheStepThatReachesTheTargetIsKept) {
  const TempFolder folder;
  TrainConfig c = tiny_config();
  c.epochs = 18;  // 108 steps: one block of 100
  c.target_error = 99.9;
  c.output_dir = folder / "run";
  EXPECT_EQ(train(c).target_step, 100);
  EXPECT_THAT(get_file(c.output_dir + "/metrics.csv"), HasSubstr(",100\n"));
  c.target_error = 0.001;
  c.output_dir = "";
  EXPECT_EQ(train(c).target_step, std::nullopt);
}

TEST(Train, ImpossibleSettings) {
  TrainConfig c = tiny_config();
  c.batch = 101;
  EXPECT_THAT(error_of([&] { train(c); }), HasSubstr("more than the 100 pictures"));
  c = tiny_config();
  c.model = "cifar-resnet9";
  EXPECT_NE(error_of([&] { train(c); }), "");
  c = tiny_config();
  c.epochs = 0;
  EXPECT_THAT(error_of([&] { train(c); }), HasSubstr("train.epochs"));
}

}  // namespace
}  // namespace resnet
