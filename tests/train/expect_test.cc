#include "train/expect.h"

#include <gtest/gtest.h>

namespace resnet {
namespace {

TrainConfig expecting(const char* bound) {
  TrainConfig c;
  c.expect_metric = "test_error";
  c.expect_value = 10;
  c.expect_tolerance = 0.5;
  c.expect_bound = bound;
  c.expect_steps = 64000;
  return c;
}

bool reached(const char* bound, double measured) {
  return judge(expecting(bound), 64000, measured) == Verdict::reached;
}

TEST(Judge, LooksAtTheSideThatTheBoundNames) {
  EXPECT_TRUE(reached("at_most", 10.5));
  EXPECT_TRUE(reached("at_most", 5));
  EXPECT_FALSE(reached("at_most", 10.51));
  EXPECT_TRUE(reached("at_least", 9.5));
  EXPECT_TRUE(reached("at_least", 90));
  EXPECT_FALSE(reached("at_least", 9.49));
  EXPECT_TRUE(reached("within", 9.5));
  EXPECT_TRUE(reached("within", 10.5));
  EXPECT_FALSE(reached("within", 9.49));
  EXPECT_FALSE(reached("within", 10.51));
}

TEST(Judge, ShortRunsAndSilentRecipesAreNotJudged) {
  EXPECT_EQ(judge(expecting("at_most"), 63999, 1), Verdict::shortened);
  EXPECT_EQ(judge(TrainConfig{}, 1, 1), Verdict::none);
}

}  // namespace
}  // namespace resnet
