// The commands of the program and where they are listed. A command lives in its own cmd_NAME.cc and registers itself, so
// that a new command edits no list.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "cli/output.h"

namespace resnet::cli {

struct Command {
  std::string name;
  int order = 0;        ///< place in the list of `resnet --help`
  std::string summary;  ///< one line
  std::string example;  ///< command lines, each ending in a newline
  /// Adds the command's flags to `app` and returns what runs after parsing: it gives the exit status, or throws Error.
  std::function<std::function<int()>(CLI::App& app, const Output& out)> setup;
};

/// Registers at start-up.
struct RegisterCommand {
  explicit RegisterCommand(Command command);
};

/// All commands, by `order`.
std::vector<Command> commands();

}  // namespace resnet::cli
