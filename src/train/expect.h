// What a recipe must reach, held against what a run reached.
#pragma once

#include "resnet/train.h"

namespace resnet {

/// `steps`: the run's length; `measured`: config.expect_metric in percent. Verdict::none where the recipe expects nothing.
Verdict judge(const TrainConfig& config, int64_t steps, double measured);

}  // namespace resnet
