// Finished runs of recipes: a file beside each run, and the table of all of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/output.h"
#include "resnet/train.h"

namespace resnet::cli {

/// One finished run of a recipe. Errors are in percent.
struct Reproduction {
  std::string recipe;  ///< "cifar10-resnet20"
  uint64_t seed = 0;
  TrainConfig expect;  ///< only [expect] and train.target_error are of use
  int64_t steps = 0;
  double ours = 0;                     ///< the test error after the last step
  std::optional<int64_t> target_step;  ///< TrainResult's
  double seconds = 0;                  ///< of computing, in all processes
  std::string machine, commit;

  std::string folder() const;  ///< its name: "cifar10-resnet20-seed1"
};

Json to_json(const Reproduction& run);
/// Throws Error naming `path` for text that to_json() did not make.
Reproduction parse_reproduction(const std::string& text, const std::string& path);

/// All that have finished in `folder`, by recipe (numbers in names as numbers) and seed.
std::vector<Reproduction> finished_runs(const std::string& folder);

/// The same rows for people and for programs. Mean and spread (sample standard deviation) are those of a recipe's seeds.
std::string markdown_table(const std::vector<Reproduction>& runs);
std::string csv_table(const std::vector<Reproduction>& runs);

}  // namespace resnet::cli
