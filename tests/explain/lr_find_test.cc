#include "explain/lr_find.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "resnet/error.h"
#include "train/tiny.h"

namespace resnet {
namespace {

using testing::HasSubstr;

TEST(LrFind, SuggestsATenthOfTheRateOfTheLowestLoss) {
  LrCurve curve;
  for (int i = 0; i <= 60; ++i) {  // falls between 1e-3 and 1e-1, the fastest at 1e-2, and rises from 1 on
    const double log_lr = -5 + i * 0.1, lr = std::pow(10, log_lr);
    const double loss = 2 - std::tanh(3 * (log_lr + 2)) + (log_lr > 0 ? 5 * log_lr : 0);
    curve.points.push_back({lr, loss, loss});
  }
  suggest(curve);
  ASSERT_TRUE(curve.suggestion.has_value());
  EXPECT_NEAR(std::log10(*curve.steepest), -2, 0.15);
  EXPECT_NEAR(std::log10(*curve.lowest), 0, 0.15);
  EXPECT_NEAR(*curve.suggestion, *curve.lowest / 10, 1e-9);
}

TEST(LrFind, SuggestsNothingWhereTheLossOnlyRises) {
  LrCurve curve;
  for (int i = 1; i <= 60; ++i) curve.points.push_back({1e-3 * i, 1.0 * i, 1.0 * i});
  suggest(curve);
  EXPECT_FALSE(curve.suggestion.has_value());
  EXPECT_FALSE(curve.lowest.has_value());
  curve.points.clear();
  suggest(curve);
  EXPECT_FALSE(curve.suggestion.has_value());
}

TEST(LrFind, RaisesTheRateByTheSameFactor) {
  const LrCurve curve = find_learning_rate(tiny_config(), {.from = 1e-3, .to = 1e-1, .steps = 21});
  ASSERT_EQ(curve.points.size(), 21u);  // over several epochs of six batches
  EXPECT_NEAR(curve.points.front().lr, 1e-3, 1e-9);
  EXPECT_NEAR(curve.points[10].lr, 1e-2, 1e-8);
  EXPECT_NEAR(curve.points.back().lr, 1e-1, 1e-7);
  EXPECT_DOUBLE_EQ(curve.points[0].loss, curve.points[0].smoothed);
  EXPECT_FALSE(curve.diverged);
}

TEST(LrFind, TheSameSettingsGiveTheSameCurve) {
  const LrFindOptions options{.from = 1e-3, .to = 1e-1, .steps = 10};
  const LrCurve a = find_learning_rate(tiny_config(), options), b = find_learning_rate(tiny_config(), options);
  for (size_t i = 0; i < a.points.size(); ++i) EXPECT_EQ(a.points[i].loss, b.points[i].loss);
}

TEST(LrFind, EndsWhenTheLossExplodes) {
  const LrCurve curve = find_learning_rate(tiny_config(), {.from = 1e-3, .to = 1e6, .steps = 60});
  EXPECT_TRUE(curve.diverged);
  EXPECT_LT(curve.points.size(), 60u);
}

std::string error_of(const TrainConfig& config, const LrFindOptions& options) {
  try {
    find_learning_rate(config, options);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(LrFind, ImpossibleRatesAreNamed) {
  EXPECT_THAT(error_of(tiny_config(), {.from = 1, .to = 0.1}), HasSubstr("from 1 to 0.1"));
  EXPECT_THAT(error_of(tiny_config(), {.from = 0}), HasSubstr("positive"));
  EXPECT_THAT(error_of(tiny_config(), {.steps = 3}), HasSubstr("at least 10"));
  TrainConfig c = tiny_config();
  c.batch = 1000;
  EXPECT_THAT(error_of(c, {}), HasSubstr("train.batch = 1000"));
}

}  // namespace
}  // namespace resnet
