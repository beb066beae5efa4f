// The exponential moving average of a network's weights and running statistics.
#pragma once

#include <vector>

#include "resnet/tensor.h"

namespace resnet {

class Ema {
 public:
  /// Starts at the weights, which are shared and change between updates, or goes on from an earlier run's averages (copied)
  /// when they are not empty.
  Ema(double decay, const StateDict& weights, const StateDict& averages = {});

  /// After training step number `step` (from 1): average = d·average + (1-d)·weight with d = min(decay, (1+step)/(10+step)),
  /// so that the beginning is forgotten in short runs too.
  void update(int64_t step);

  StateDict& averages() { return averages_; }
  const StateDict& averages() const { return averages_; }

 private:
  struct Slot {
    float* average;
    const float* weight;
    int64_t n;
  };

  double decay_;
  StateDict weights_, averages_;
  std::vector<Slot> slots_;
};

}  // namespace resnet
