// The one table of what a recipe can hold. Loading, --set, writing and checking all go through it, so that a new setting is
// one line here and a member of TrainConfig.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "resnet/train.h"

namespace resnet {

struct Field {
  using Member = std::variant<bool TrainConfig::*, int TrainConfig::*, int64_t TrainConfig::*, uint64_t TrainConfig::*,
                              float TrainConfig::*, double TrainConfig::*, std::string TrainConfig::*,
                              std::vector<double> TrainConfig::*>;
  std::string section, name;
  Member member;
  double min = 0, max = 0;             ///< of numbers (of every entry of a list)
  std::vector<std::string> choices{};  ///< of strings; empty: any
  bool resumable = false;              ///< may differ between a run and its continuation

  std::string key() const { return section + "." + name; }
};

/// In the order in which to_toml writes them: sections together.
const std::vector<Field>& fields();

/// The field of "section.name", or of "name" alone. Throws Error, suggesting the nearest key.
const Field& find_field(std::string_view key);

/// The value as TOML writes it: 0.1, "cifar-resnet20", [32000.0, 48000.0].
std::string format_value(const TrainConfig& config, const Field& field);
/// Empty, or why the value is impossible: "must be at least 1, not 0".
std::string problem(const TrainConfig& config, const Field& field);

}  // namespace resnet
