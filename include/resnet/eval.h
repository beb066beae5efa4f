// The accuracy of a network on a data set, with how it goes meanwhile.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "resnet/checkpoint.h"
#include "resnet/data.h"

namespace resnet {

struct EvalResult {
  int64_t samples = 0;
  int64_t left_out = 0;            ///< pictures that could not be read (DataOptions::skip_bad_images)
  double loss = 0;                 ///< mean cross-entropy
  double top1 = 0, top5 = 0;       ///< accuracy, percent
  std::vector<int64_t> confusion;  ///< [K,K] row-major, true × predicted
  std::vector<std::string> classes;
};

/// Called by train() and evaluate(): how the command line shows progress. The library itself prints nothing.
struct Progress {
  int64_t step = 0, steps = 0;  ///< done and in all
  int64_t epoch = 0;
  double loss = 0;         ///< mean over this epoch so far
  double train_error = 0;  ///< top-1, percent, this epoch so far
  double lr = 0;
  double images_per_second = 0;
  double data_wait_share = 0;      ///< of the time, waiting for data, 0…1
  std::optional<EvalResult> eval;  ///< at the end of an epoch that was evaluated
  bool best = false;               ///< eval is the best so far
  bool epoch_end = false;
  std::string note;  ///< not empty in a call of its own, before the first step: what the user should know
};
using ProgressFn = std::function<void(const Progress&)>;

struct EvalOptions {
  int64_t batch = 256;
  DType dtype = DType::f32;  ///< f32 or bf16; quantised weights are always computed in int8
  int workers = 2;
  std::string conv = "auto";  ///< as in CompileOptions
};
/// Exact about the number of samples.
EvalResult evaluate(const Checkpoint& checkpoint, std::shared_ptr<const Dataset> data, const EvalOptions& options = {},
                    const ProgressFn& progress = {});

}  // namespace resnet
