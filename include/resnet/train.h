// Training. Everything that a run depends on stands in TrainConfig, which is what a recipe (TOML) holds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "resnet/checkpoint.h"
#include "resnet/data.h"
#include "resnet/eval.h"
#include "resnet/models.h"
#include "resnet/plan.h"

namespace resnet {

/// The keys of a recipe are "section.key", as written in the comments.
struct TrainConfig {
  // [model]
  std::string model = "cifar-resnet20";  ///< model.name
  int64_t image_size = 0;                ///< model.image_size; 0: the model's default
  int64_t bn_group = 0;      ///< model.bn_group: batch norm over groups of this many pictures (0: the batch)
  float bn_momentum = 0.1f;  ///< model.bn_momentum
  /// model.init: He initialisation's fan, "fan_out" or "fan_in", or "identity": fan_out, but InitOptions::identity
  std::string init = "fan_out";
  bool zero_last_bn = false;  ///< model.zero_last_bn
  bool whiten = false;        ///< model.whiten: the first convolution starts as a whitening of the pictures' patches
  // [data]
  std::string data = "synthetic:";  ///< data.path
  std::string train_split = "50k";  ///< data.train_split: "50k" or "45k"
  /// data.normalize: "pixel", "channel", "imagenet", "none", or "auto": "imagenet" for photographs, else "pixel"
  std::string normalize = "auto";
  int64_t resize =
      0;  ///< data.resize: shorter side before the centre is cut out; 0: 256/224 of photographs' input size
  std::string interpolation = "bilinear";  ///< data.interpolation: "bilinear" or "bicubic"
  std::string bad_images = "fail";  ///< data.bad_images: "fail", or "skip" to replace pictures that cannot be read
  /// data.crop: Augmentation::Crop as "pad", "random", "resized", or "auto": "resized" for photographs, else "pad"
  std::string crop = "auto";
  int64_t pad = 4;                                   ///< data.pad: zero-pad by this, crop back at random (0: off)
  std::vector<double> crop_resize;                   ///< data.crop_resize: of "random", [256, 480]; empty: data.resize
  std::vector<double> crop_area = {0.08, 1};         ///< data.crop_area: of "resized"
  std::vector<double> crop_ratio = {0.75, 4.0 / 3};  ///< data.crop_ratio: of "resized"
  bool flip = true;                                  ///< data.flip
  bool alternate_flip = false;                       ///< data.alternate_flip: every other epoch mirrors a picture
  // The others of Augmentation, by the same names
  float brightness = 0, contrast = 0, saturation = 0, hue = 0;
  bool trivial_augment = false;
  float color_pca = 0;
  std::vector<double> pca_values;   ///< data.pca_values: empty: ImageNet's
  std::vector<double> pca_vectors;  ///< data.pca_vectors
  float erase = 0, mixup = 0, cutmix = 0;
  int workers = -1;  ///< data.workers, as in LoaderOptions
  // [train]
  int64_t batch = 128;         ///< train.batch
  int64_t epochs = 0;          ///< train.epochs; exactly one of epochs and steps is positive
  int64_t steps = 0;           ///< train.steps (iterations)
  bool drop_last = true;       ///< train.drop_last: leave an epoch's incomplete last batch out
  float label_smoothing = 0;   ///< train.label_smoothing
  std::string class_weights;   ///< train.class_weights: "", "balanced", or a number a class: "1, 2.5"
  std::string freeze;          ///< train.freeze: stages up to this one keep their weights and statistics: "layer2"
  float ema = 0;               ///< train.ema: decay of the weights' moving average, which is then evaluated (0: off)
  int64_t early_stop = 0;      ///< train.early_stop: evaluations without a higher accuracy that end the run (0: off)
  std::string dtype = "auto";  ///< train.dtype: "f32", "bf16" or "auto" (bf16 where native)
  bool tune = false;           ///< train.tune: measure which convolution is the fastest; kept for resuming
  /// train.checkpoint: parts of the network of which only the borders' activations are kept, the rest being computed again in
  /// backward to the same bits; 1: everything is kept, 0: as few parts as train.memory_limit needs
  int64_t checkpoint = 0;
  double memory_limit = 0;    ///< train.memory_limit, GiB: activations, weights, gradients, momentum (0: what is free)
  std::string conv = "auto";  ///< train.conv: "auto", or "direct" for no Winograd convolutions
  uint64_t seed = 1;          ///< train.seed
  int64_t eval_every = 1;     ///< train.eval_every, in epochs; the end is always evaluated (0: only the end)
  int64_t log_every = 0;      ///< train.log_every, in steps: their mean loss and error are told (0: epochs' only)
  int64_t save_every = 1;     ///< train.save_every, in epochs: last.safetensors
  bool test_flip = false;     ///< train.test_flip: evaluations average over a picture and its mirror image
  int64_t test_shift = 0;     ///< train.test_shift: and over it moved by so many pixels, as TestProtocol::shift
  double target_error = 0;    ///< train.target_error, percent: the step at which training error fell below it is kept
  // [optimizer]
  float lr = 0.1f;        ///< optimizer.lr
  int64_t lr_batch = 0;   ///< optimizer.lr_batch: the batch that lr is for, scaled to others (0: to none)
  float bias_lr = 1;      ///< optimizer.bias_lr: the learning rate of biases (batch norm's too) as a multiple of lr
  float momentum = 0.9f;  ///< optimizer.momentum
  float weight_decay = 1e-4f;  ///< optimizer.weight_decay
  bool nesterov = false;       ///< optimizer.nesterov
  std::string formula =
      "pytorch";  ///< optimizer.formula: "pytorch" v = m·v + g, w -= lr·v; "caffe" v = m·v + lr·g, w -= v
  bool decay_bn_and_bias = true;  ///< optimizer.decay_bn_and_bias: weight decay on batch norm and biases too
  // [schedule]
  std::string schedule = "steps";  ///< schedule.kind: "constant", "steps", "cosine", "plateau"
  std::vector<double> milestones;  ///< schedule.milestones, in schedule.unit
  std::string unit = "steps";      ///< schedule.unit: "steps" or "epochs"
  double factor = 0.1;             ///< schedule.factor: lr *= factor at a milestone or plateau
  int64_t patience = 5;            ///< schedule.patience: epochs without a lower validation error (plateau)
  double warmup = 0;               ///< schedule.warmup: linear from 0 over this many units
  double warmup_lr = 0;            ///< schedule.warmup_lr: the paper's ResNet-110: this lr …
  double warmup_until_error = 0;  ///< schedule.warmup_until_error: … until training error (%) falls below this (0: off)
  // [expect]: what the recipe must reach; said at the end
  std::string expect_metric;             ///< expect.metric: "test_error"
  double expect_value = 0;               ///< expect.value, percent
  double expect_tolerance = 0.5;         ///< expect.tolerance, points
  std::string expect_bound = "at_most";  ///< expect.bound: "at_most", "at_least" or "within", each by the tolerance
  int64_t expect_steps = 0;              ///< expect.steps: shorter runs are not judged
  std::string expect_source;             ///< expect.source: where the value stands
  // of this run, not of the recipe
  std::string output_dir;  ///< "" : no files
  bool resume = false;     ///< go on from output_dir/last.safetensors
  std::string pretrained;  ///< start from these weights
};

/// Reads a recipe. Throws Error with file and line for a misspelt key (suggesting the nearest), an ill-typed or impossible value.
TrainConfig load_recipe(const std::string& path);
/// What fine-tuning the weights in `pretrained` starts from where no recipe says it: the file's network and picture size,
/// cosine with warm-up over 20 epochs, a learning rate for any batch. `model` as for load_weights.
TrainConfig finetune_config(const std::string& pretrained, const std::string& model = "");
/// Sets "section.key" (or a unique "key") from text, as `--set` does. Throws Error, suggesting the nearest key.
void set_option(TrainConfig& config, const std::string& key, const std::string& value);
/// The whole configuration as TOML; load_recipe reads it back to the same values.
std::string to_toml(const TrainConfig& config);
/// Throws Error for values that do not go together.
void validate(const TrainConfig& config);
/// The same settings with "auto" replaced by what this machine gives: what train() uses, and stores as config.toml.
TrainConfig resolve(const TrainConfig& config);

/// What [expect] says of a run. none: it says nothing, or the run was interrupted.
enum class Verdict { none, reached, missed, shortened };

struct TrainResult {
  int64_t step = 0;          ///< steps done in all
  bool interrupted = false;  ///< stopped by request_stop()
  double seconds = 0;        ///< of this process
  double images_per_second = 0;
  double data_wait_share = 0;
  double train_loss = 0, train_error = 0;  ///< of the last epoch
  EvalResult eval;                         ///< at the end (not when interrupted)
  double best_top1 = 0;
  /// Since when training error, the mean over blocks of 100 steps, is known to have been below train.target_error.
  std::optional<int64_t> target_step;
  double expect_measured = 0;  ///< what expect.metric came out as, percent
  Verdict verdict = Verdict::none;
  Checkpoint checkpoint;  ///< the final weights
};

/// Trains. With output_dir: writes config.toml, metrics.csv, TensorBoard events, last.safetensors and best.safetensors.
/// Throws Error for impossible settings, unreadable data, and a loss that is not finite (step, learning rate, a hint).
TrainResult train(const TrainConfig& config, const ProgressFn& progress = {});
/// Asks a running train() to finish its step, save and return. Async-signal-safe.
void request_stop();

}  // namespace resnet
