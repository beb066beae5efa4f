#include "train/schedule.h"

#include <gtest/gtest.h>

namespace resnet {
namespace {

TrainConfig config_of(const std::string& kind) {
  TrainConfig c;
  c.schedule = kind;
  return c;
}

TEST(Schedule, ConstantStays) {
  const TrainConfig c = config_of("constant");
  EXPECT_EQ(learning_rate(c, {.step = 0, .total_steps = 10}), 0.1f);
  EXPECT_EQ(learning_rate(c, {.step = 9, .total_steps = 10}), 0.1f);
}

TEST(Schedule, ThePapersSteps) {
  TrainConfig c = config_of("steps");
  c.milestones = {32000, 48000};
  const auto lr = [&](int64_t step) { return learning_rate(c, {.step = step, .total_steps = 64000}); };
  EXPECT_EQ(lr(31999), 0.1f);
  EXPECT_FLOAT_EQ(lr(32000), 0.01f);
  EXPECT_FLOAT_EQ(lr(47999), 0.01f);
  EXPECT_FLOAT_EQ(lr(48000), 0.001f);
}

TEST(Schedule, MilestonesInEpochs) {
  TrainConfig c = config_of("steps");
  c.unit = "epochs";
  c.milestones = {1, 2.5};
  const auto lr = [&](int64_t step) {
    return learning_rate(c, {.step = step, .steps_per_epoch = 10, .total_steps = 40});
  };
  EXPECT_EQ(lr(9), 0.1f);
  EXPECT_FLOAT_EQ(lr(10), 0.01f);
  EXPECT_FLOAT_EQ(lr(24), 0.01f);
  EXPECT_FLOAT_EQ(lr(25), 0.001f);
}

TEST(Schedule, CosineIsHalfAWave) {
  const TrainConfig c = config_of("cosine");
  const auto lr = [&](int64_t step) { return learning_rate(c, {.step = step, .total_steps = 100}); };
  EXPECT_EQ(lr(0), 0.1f);
  EXPECT_FLOAT_EQ(lr(25), 0.0853553391f);  // 0.05·(1 + cos 45°)
  EXPECT_FLOAT_EQ(lr(50), 0.05f);
  EXPECT_GT(lr(99), 0.0f);
}

TEST(Schedule, WarmupThenCosine) {
  TrainConfig c = config_of("cosine");
  c.warmup = 10;
  const auto lr = [&](int64_t step) { return learning_rate(c, {.step = step, .total_steps = 110}); };
  EXPECT_FLOAT_EQ(lr(0), 0.01f);
  EXPECT_FLOAT_EQ(lr(4), 0.05f);
  EXPECT_FLOAT_EQ(lr(9), 0.1f);
  EXPECT_FLOAT_EQ(lr(10), 0.1f);
  EXPECT_FLOAT_EQ(lr(60), 0.05f);
}

TEST(Schedule, PlateauDrops) {
  TrainConfig c = config_of("plateau");
  c.factor = 0.5;
  EXPECT_EQ(learning_rate(c, {.drops = 0}), 0.1f);
  EXPECT_FLOAT_EQ(learning_rate(c, {.drops = 3}), 0.0125f);
}

TEST(Plateau, CountsEvaluationsWithoutABetterError) {
  Plateau p;
  for (const double error : {50.0, 40.0, 40.0}) p.observe(error, 2);
  EXPECT_EQ(p.drops, 0);
  p.observe(45, 2);
  EXPECT_EQ(p.drops, 1);
  p.observe(40, 2);  // the count starts anew after a drop; an equal error is no better
  p.observe(39, 2);
  EXPECT_EQ(p.drops, 1);
  EXPECT_EQ(p.best, 39);
}

TEST(ErrorWatch, EndsAfterTheFirstBlockBelowTheError) {
  TrainConfig c = config_of("steps");
  c.warmup_lr = 0.01;
  ErrorWatch w{.below = false};
  for (int i = 0; i < ErrorWatch::kBlock; ++i) w.observe(80, 8, 10);  // exactly 80 %: not below
  EXPECT_FALSE(w.below);
  EXPECT_EQ(learning_rate(c, {.step = 100, .warm = w.below}), 0.01f);
  for (int i = 0; i < ErrorWatch::kBlock; ++i) w.observe(80, i == 0 ? 7 : 8, 10);
  EXPECT_TRUE(w.below);
  EXPECT_EQ(learning_rate(c, {.step = 200, .warm = w.below}), 0.1f);
}

}  // namespace
}  // namespace resnet
