// All that a run remembers between steps beside weights and momentum, and its text form in a checkpoint.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "train/schedule.h"

namespace resnet {

/// Sums over the epoch so far.
struct EpochMeter {
  double loss_sum = 0;  ///< of single pictures
  int64_t wrong = 0, images = 0;

  void add(double mean_loss, int64_t batch_wrong, int64_t batch_images);
  double loss() const;   ///< mean
  double error() const;  ///< top-1, percent
};

struct TrainState {
  int64_t step = 0;       ///< done
  int64_t epoch = 0;      ///< the current one, from 0
  bool closed = false;    ///< the last step's epoch was evaluated and logged
  double best_top1 = -1;  ///< percent; below any accuracy while nothing was evaluated
  int64_t stale = 0;      ///< evaluations since the best one
  double seconds = 0;     ///< spent on training, interruptions left out
  EpochMeter meter;
  double epoch_loss = 0, epoch_error = 0;  ///< mean, and top-1 in percent, of the last epoch that ended
  ErrorWatch warmup;
  ErrorWatch target;        ///< train.target_error
  int64_t target_step = 0;  ///< when it was reached
  Plateau plateau;
  std::map<std::string, std::string> choices;  ///< of kernels (Plan::choices()), so that resuming is exact
};

/// Numbers keep all their bits.
std::map<std::string, std::string> to_strings(const TrainState& state);
/// Throws Error naming `path` and the entry that is missing or is no number.
TrainState parse_state(const std::map<std::string, std::string>& entries, const std::string& path);

}  // namespace resnet
