// Stochastic gradient descent with momentum, over all parameters of a network at once.
#pragma once

#include <cstdint>
#include <vector>

#include "resnet/train.h"

namespace resnet {

class Sgd {
 public:
  /// Updates the trainable ones of `params` (shared, not copied) in place. `specs` are Graph::params(). Momentum starts
  /// at zero; `momentum` continues an earlier run's instead when it is not empty (copied). Throws Error when that does
  /// not fit.
  Sgd(const TrainConfig& config, const std::vector<ParamSpec>& specs, const StateDict& params,
      const StateDict& momentum = {});

  /// One step with the formula of the settings. Deterministic: every element is computed alone.
  void step(const StateDict& gradients, float lr);

  const StateDict& momentum() const { return momentum_; }  ///< by parameter key

 private:
  struct Slot {
    std::string key;
    float* w;
    float* v;
    int64_t n;
    float rate;  // times the step's learning rate
    float decay;
  };
  /// A part of a slot, so that threads share large tensors and no thread gets all the small ones.
  struct Piece {
    size_t slot;
    int64_t begin, end;
  };

  float momentum_factor_;
  bool nesterov_, caffe_;
  std::vector<Slot> slots_;
  std::vector<Piece> pieces_;
  std::vector<const float*> gradients_;  // by slot, during step()
  StateDict params_, momentum_;
};

}  // namespace resnet
