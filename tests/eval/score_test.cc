#include "eval/score.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace resnet {
namespace {

TEST(Score, CountsTopOneAndTopFive) {
  Score score(6);
  const double p[] = {0.5, 0.2, 0.1, 0.1, 0.06, 0.04};
  for (int label = 0; label < 6; ++label) score.add(p, label);
  const EvalResult r = score.result({"a", "b", "c", "d", "e", "f"});
  EXPECT_EQ(r.samples, 6);
  EXPECT_DOUBLE_EQ(r.top1, 100.0 / 6);
  EXPECT_DOUBLE_EQ(r.top5, 500.0 / 6);
  EXPECT_EQ(r.confusion[2 * 6 + 0], 1);  // true 2, predicted 0
  EXPECT_EQ(r.confusion[2 * 6 + 2], 0);
}

TEST(Score, LossIsTheMeanCrossEntropy) {
  Score score(2);
  const double even[] = {0.5, 0.5}, sure[] = {1, 0};
  score.add(even, 0);
  EXPECT_EQ(score.add(sure, 0), 0);
  EXPECT_NEAR(score.result({}).loss, std::log(2.0) / 2, 1e-12);
}

TEST(Score, ImpossibleIsFiniteAndNotANumberIsNot) {
  Score score(2);
  const double wrong[] = {0, 1}, none[] = {std::nan(""), 0.5};
  score.add(wrong, 0);
  EXPECT_TRUE(std::isfinite(score.loss()));
  score.add(none, 0);
  EXPECT_FALSE(std::isfinite(score.loss()));
  EXPECT_EQ(score.result({}).top1, 0);
}

TEST(Score, OfEqualLogitsTheFirstWins) {
  const float logits[] = {1, 1};
  const int32_t first[] = {0}, second[] = {1};
  EXPECT_EQ(count_wrong(logits, first, 1, 2), 0);
  EXPECT_EQ(count_wrong(logits, second, 1, 2), 1);
}

TEST(Score, NotANumberIsWrong) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float logits[] = {nan, nan};
  const int32_t label[] = {0};
  EXPECT_EQ(count_wrong(logits, label, 1, 2), 1);
}

}  // namespace
}  // namespace resnet
