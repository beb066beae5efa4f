// The learning rate as a pure function of the settings and of a few counters, so that a resumed run cannot differ.
#pragma once

#include <cstdint>

#include "resnet/train.h"

namespace resnet {

/// What a schedule may look at.
struct ScheduleState {
  int64_t step = 0;  ///< steps done; the rate is for the next one
  int64_t steps_per_epoch = 1;
  int64_t total_steps = 1;
  int64_t drops = 0;  ///< by plateaus so far
  bool warm = true;   ///< the warm-up by training error is over (or there is none)
};

/// constant, steps (× factor at each milestone reached), cosine (half a wave to 0, after the warm-up), plateau
/// (× factor a drop); of lr, scaled from lr_batch to batch. In front of each: linear warm-up, where step s of W has (s+1)/W of
/// the rate. Until `warm`, the rate is warmup_lr whatever the kind (the paper's ResNet-110, section 4.2).
float learning_rate(const TrainConfig& config, const ScheduleState& state);

/// Waits for training error to fall: looks at blocks of kBlock steps, because one batch is too noisy.
struct ErrorWatch {
  static constexpr int64_t kBlock = 100;

  bool below = true;
  int64_t steps = 0, wrong = 0, images = 0;  ///< of the block so far

  /// After a step: `below` is true once training error over a whole block is below `error` percent.
  void observe(double error, int64_t batch_wrong, int64_t batch_images);
};

/// Counts evaluations without a lower error, and drops.
struct Plateau {
  double best = 101;  ///< percent; above any error
  int64_t bad = 0;    ///< evaluations since
  int64_t drops = 0;

  void observe(double error, int64_t patience);
};

}  // namespace resnet
