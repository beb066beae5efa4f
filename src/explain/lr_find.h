// Which learning rate? A short run whose rate rises step by step (Smith, arXiv 1506.01186, section 3.3).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "resnet/train.h"

namespace resnet {

struct LrFindOptions {
  double from = 1e-5, to = 10;  ///< the rates of the first and the last step; from step to step by the same factor
  int64_t steps = 100;          ///< at least 10
};

struct LrPoint {
  double lr = 0;
  double loss = 0;      ///< of the step's batch
  double smoothed = 0;  ///< mean over the steps so far, an earlier one counting less by a tenth a step
};

struct LrCurve {
  std::vector<LrPoint> points;  ///< fewer than asked for where the loss has exploded
  bool diverged = false;
  std::optional<double>
      suggestion;                  ///< a tenth of the rate of the lowest smoothed loss; none where the loss never falls
  std::optional<double> lowest;    ///< that rate, already too high for most of a training
  std::optional<double> steepest;  ///< where the smoothed loss falls the fastest over log(lr)
  std::vector<std::string> notes;
};

/// Trains a new network (or the settings' pretrained one) by the settings, but for the schedule, and writes nothing. Ends
/// early at four times the lowest smoothed loss, or when the loss is not finite. Throws Error as train() does.
LrCurve find_learning_rate(const TrainConfig& config, const LrFindOptions& options, const ProgressFn& progress = {});

/// Sets the suggestion and the two other rates of a curve from its points.
void suggest(LrCurve& curve);

}  // namespace resnet
