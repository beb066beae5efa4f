// A run's folder as the report reads it: metrics.csv (one row an epoch) and config.toml.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace resnet {

/// One row of metrics.csv. Errors are in percent; what was not measured in that epoch is absent.
struct MetricsRow {
  int64_t epoch = 0, step = 0;
  std::optional<double> lr, train_loss, train_error, test_loss, test_error, images_per_second, data_wait_share, seconds;
  std::optional<double> target_step;  ///< when train.target_error was reached
};

struct RunHistory {
  std::string name;    ///< the folder's last part; made distinct by read_runs()
  std::string folder;  ///< as it was given
  std::vector<MetricsRow> rows;
  std::vector<std::pair<std::string, std::string>> settings;  ///< "optimizer.lr" -> "0.1", in order of the keys
  /// A setting as text without quotation marks, or "".
  std::string setting(const std::string& key) const;
};

/// Throws Error naming file and line for text that is not such a table. Columns may come in any order; unknown ones are
/// ignored; epoch and step must be there.
std::vector<MetricsRow> parse_metrics(const std::string& text, const std::string& path);

/// Reads a run's folder. config.toml may be missing. Throws Error naming the file.
RunHistory read_run(const std::string& folder);
/// Several, with distinct names.
std::vector<RunHistory> read_runs(const std::vector<std::string>& folders);

}  // namespace resnet
