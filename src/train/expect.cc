#include "train/expect.h"

namespace resnet {

Verdict judge(const TrainConfig& config, int64_t steps, double measured) {
  if (config.expect_metric.empty()) return Verdict::none;
  if (steps < config.expect_steps) return Verdict::shortened;
  const bool low = measured < config.expect_value - config.expect_tolerance;
  const bool high = measured > config.expect_value + config.expect_tolerance;
  const bool missed = config.expect_bound == "at_most" ? high : config.expect_bound == "at_least" ? low : low || high;
  return missed ? Verdict::missed : Verdict::reached;
}

}  // namespace resnet
