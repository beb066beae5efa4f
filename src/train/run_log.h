// The folder of a run: config.toml with all resolved settings, metrics.csv with a row an epoch, TensorBoard events, and the
// checkpoints. The folder is locked while a run uses it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/folder_lock.h"
#include "resnet/train.h"
#include "train/tensorboard.h"

namespace resnet {

struct EpochRow {
  int64_t epoch = 0;  ///< from 1
  int64_t step = 0;   ///< done when the row was written
  double lr = 0, train_loss = 0, train_error = 0;
  std::optional<EvalResult> eval;
  double images_per_second = 0, data_wait_share = 0;
  double seconds = 0;       ///< since the run began, interruptions left out
  int64_t target_step = 0;  ///< 0: not reached; written only where the run has a target
};

class RunLog {
 public:
  /// `target`: the run has a train.target_error. Throws Error when there is nothing to resume, or the folder holds a run
  /// already that is not to be resumed.
  RunLog(const std::string& folder, bool resume, bool target = false);
  RunLog(const RunLog&) = delete;
  RunLog& operator=(const RunLog&) = delete;

  /// Whether a folder is empty, or holds only what a run has left that ended before its first row and checkpoint.
  static bool may_begin_in(const std::string& folder);
  /// Makes the folder where it is missing, locks it, writes config.toml and opens the tables; on resume, rows of later steps
  /// than `resumed_step` are dropped. Throws Error when the folder cannot be written or another process trains into it.
  void start(const std::string& config_toml, std::optional<int64_t> resumed_step);
  /// On the disk when it returns.
  void add(const EpochRow& row);
  /// What the steps since the last such call came to: for TensorBoard alone.
  void add_steps(int64_t step, double loss, double error);

  std::string last_path() const { return folder_ + "/last.safetensors"; }
  std::string best_path() const { return folder_ + "/best.safetensors"; }

 private:
  std::string header() const;
  std::string rows_until(const std::string& path, int64_t step) const;
  void remove_stale_files(bool events);

  std::string folder_;
  bool target_;
  std::optional<FolderLock> lock_;
  std::ofstream csv_;
  std::unique_ptr<EventWriter> events_;
};

}  // namespace resnet
