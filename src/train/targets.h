// What the loss compares a batch with where one label a picture does not say it: mixed pictures, weighted classes.
#pragma once

#include <vector>

#include "resnet/data.h"

namespace resnet {

struct TargetOptions {
  int64_t classes = 1;
  float smoothing = 0;         ///< share of the target given to all classes evenly
  std::vector<float> weights;  ///< of the classes; empty: all 1
};

/// [batch.count, classes] at `out`: each class's share, times its weight, scaled so that the mean loss is the weighted mean
/// over the batch (PyTorch's cross_entropy with `weight`: smoothed shares are weighted, the sum of the labels' weights
/// divides).
void make_targets(const Batch& batch, const TargetOptions& options, float* out);

}  // namespace resnet
