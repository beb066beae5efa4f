#include "ops/cpu/range_length.h"

#include <gtest/gtest.h>

namespace resnet {
namespace {

TEST(RangeLength, IsAMultipleOfTheStepWithinWhatFits) {
  for (const int64_t units : {1, 7, 49, 128, 3136, 50176})
    for (const int64_t step : {1, 4, 16})
      for (const int64_t most : {1, 5, 64, 1000})
        for (const int64_t threads : {1, 2, 3, 16}) {
          const int64_t length = range_length(units, step, most, threads);
          EXPECT_EQ(length % step, 0) << units << ' ' << step << ' ' << most << ' ' << threads;
          EXPECT_GT(length, 0);
          EXPECT_LE(length, std::max(step, most / step * step));
        }
}

// Where nothing divides evenly, ranges of one unit would be the fairest and by far the slowest.
TEST(RangeLength, IsNotShortForTheSakeOfFairness) {
  for (const int64_t units : {16 * 49, 16 * 56 * 56 + 1, 1009})
    for (const int64_t threads : {1, 2, 3})
      EXPECT_GE(2 * range_length(units, 1, 300, threads) + 2, 300) << units << ' ' << threads;
}

TEST(RangeLength, LoadsThreadsEvenly) {
  EXPECT_EQ(range_length(128, 1, 48, 2), 32);  // two ranges each, not 48 and 16
  EXPECT_EQ(range_length(128, 1, 64, 2), 64);
  EXPECT_EQ(range_length(128, 16, 48, 2), 32);
}

}  // namespace
}  // namespace resnet
