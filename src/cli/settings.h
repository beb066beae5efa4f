// How commands that train change a recipe.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "resnet/train.h"

namespace resnet::cli {

/// `--set KEY=VALUE`, any number of times.
void add_set_flag(CLI::App& app, std::vector<std::string>& items);
void apply_settings(const std::vector<std::string>& items, TrainConfig& config);

/// A flag's value, where it was given.
template <class From, class To> void put(const std::optional<From>& from, To& to) {
  if (from) to = static_cast<To>(*from);
}

}  // namespace resnet::cli
