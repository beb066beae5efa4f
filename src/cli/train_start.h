// What every command that trains does first: read --set, find misspelt names, and see to it that Ctrl-C loses nothing.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "resnet/train.h"

namespace resnet::cli {

/// `--set KEY=VALUE`, any number of times.
void add_set_flag(CLI::App& app, std::vector<std::string>& items);
/// Sets what one of them says.
void set_from(TrainConfig& config, const std::string& item);

/// Number of training pictures. Throws Error where the network, the stage to freeze or the data do not exist; they are opened for it.
int64_t check_names(const TrainConfig& config);

/// SIGINT, SIGTERM and SIGPIPE: the first asks train() to finish its step and save, the second ends the program at once.
void catch_signals(bool quiet);
/// The one that came, or 0.
int caught_signal();

}  // namespace resnet::cli
