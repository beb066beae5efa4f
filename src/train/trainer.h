// The training loop: steps, ends of epochs, checkpoints.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "eval/evaluator.h"
#include "train/ema.h"
#include "train/run_log.h"
#include "train/setup.h"
#include "train/sgd.h"
#include "train/targets.h"

namespace resnet {

class Trainer {
 public:
  /// `log` may be null: nothing is written then. Must outlive the trainer.
  Trainer(TrainSetup setup, RunLog* log, ProgressFn progress);

  /// To the end of the run, or until request_stop().
  TrainResult run();

 private:
  using Clock = std::chrono::steady_clock;

  void run_epoch();
  void run_step(const Batch& batch);
  void log_steps();
  Plan& plan_for(int64_t count);
  float lr_after(int64_t step) const;
  /// Evaluates where that is due, logs and saves; false when stopped meanwhile.
  bool end_epoch();
  bool is_due(int64_t every) const;
  bool is_over() const;        ///< all steps are done, or accuracy has not risen for too long
  bool stopped_early() const;  ///< the latter
  void set_targets(Plan& plan, const Batch& batch) const;
  void log_epoch(const std::optional<EvalResult>& eval, bool best);
  Progress progress_now() const;
  Checkpoint checkpoint() const;
  void tell_unreadable();
  void tell_stopped() const;
  void save_last();
  void check_weights() const;
  [[noreturn]] void fail_not_finite(const char* what) const;
  TrainResult result(bool interrupted);
  double seconds() const;  ///< of the whole run so far

  Clock::time_point start_ = Clock::now();  // before the plan is compiled, which can take a minute the first time
  TrainSetup s_;
  RunLog* log_;
  ProgressFn progress_;
  Plan plan_;                   // for a whole batch
  std::unique_ptr<Plan> tail_;  // for the incomplete last batch of an epoch
  Sgd sgd_;
  std::optional<Ema> ema_;
  TargetOptions targets_;
  Evaluator evaluator_;
  Loader loader_;
  int64_t steps_per_epoch_, total_steps_;
  double seconds_before_;  // of earlier processes
  float lr_ = 0;           // of the last step
  // Of this process, evaluation and saving left out: the whole run, and the current epoch.
  struct Speed {
    int64_t images = 0;
    double seconds = 0, wait = 0;
    double images_per_second() const { return seconds > 0 ? static_cast<double>(images) / seconds : 0; }
    double wait_share() const { return seconds > 0 ? wait / seconds : 0; }
  };
  Speed total_, epoch_;
  EpochMeter recent_;               // since the last log_steps()
  size_t told_ = 0;                 // unreadable pictures that were reported
  std::optional<EvalResult> eval_;  // of the current weights
};

}  // namespace resnet
