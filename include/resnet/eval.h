// The accuracy of a network on a data set, with how it goes meanwhile.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
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
  bool log_due = false;  ///< an extra call every train.log_every steps: loss and error are of these alone
  std::string note;      ///< not empty in a call of its own, before the first step: what the user should know
};
using ProgressFn = std::function<void(const Progress&)>;

/// What a network is shown of every picture. Its softmax outputs for all views are averaged.
struct TestProtocol {
  /// 1: the centre. 10: the corners, the centre, and the same of the mirror image, cut out of the whole picture with its
  /// shorter side at Preprocessing::resize; where that is no larger than the crop, out of the normalised picture with four
  /// zero pixels around it (as training pads the pictures of CIFAR).
  int crops = 1;
  /// Not empty: instead of crops the whole picture with its shorter side at each of these, and its mirror images.
  std::vector<int64_t> scales = {};
  bool flip = false;  ///< with one crop: its mirror image too
  /// With one crop: the same moved up and left, and down and right, by this many pixels too, zeros coming in.
  int64_t shift = 0;
};

/// What one picture was taken for.
struct PictureScore {
  int64_t index = 0;  ///< in the data set
  int label = 0;      ///< places in EvalResult::classes
  int predicted = 0;
  std::span<const double> probabilities;  ///< of EvalResult::classes; valid during the call
};

struct EvalOptions {
  int64_t batch = 256;       ///< pictures at a time, fewer where they are large
  DType dtype = DType::f32;  ///< f32 or bf16; quantised weights are always computed in int8
  int workers = 2;
  std::string conv = "auto";  ///< as in CompileOptions
  TestProtocol protocol = {};
  std::function<void(const PictureScore&)> on_picture = {};  ///< called for every picture that counts, in order
};
/// Exact about the number of samples.
EvalResult evaluate(const Checkpoint& checkpoint, std::shared_ptr<const Dataset> data, const EvalOptions& options = {},
                    const ProgressFn& progress = {});
/// An ensemble: the mean of the networks' scores. They may differ in all but the names of their classes, whose order is the
/// first one's.
EvalResult evaluate(const std::vector<Checkpoint>& checkpoints, std::shared_ptr<const Dataset> data,
                    const EvalOptions& options = {}, const ProgressFn& progress = {});

}  // namespace resnet
