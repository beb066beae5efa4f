// What `resnet train` says: the settings at the start, progress on the way, the result and the next commands at the end.
#pragma once

#include <string>

#include "cli/output.h"
#include "cli/progress.h"
#include "resnet/train.h"

namespace resnet::cli {

void log_settings(const TrainConfig& config, const Output& out);

/// "test error 8.75 ± 0.5 %, or less (table 6)"
std::string expectation_text(const TrainConfig& config);
/// "reached", "NOT reached, 9.61 %", "not judged: shortened"; empty where nothing is expected.
std::string verdict_text(const TrainResult& result);

class TrainLog {
 public:
  TrainLog(const TrainConfig& config, const Output& out);
  void update(const Progress& p);
  void finish(const TrainResult& result);

 private:
  void steps(const Progress& p);
  void epoch(const Progress& p);
  void record_epoch(const Progress& p) const;
  void record_result(const TrainResult& result) const;
  void next_commands(const TrainResult& result) const;
  std::string weights_file() const;

  TrainConfig config_;
  Output out_;
  ProgressBar bar_;
};

}  // namespace resnet::cli
