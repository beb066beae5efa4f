#include "cli/command.h"

#include <algorithm>

namespace resnet::cli {

namespace {

std::vector<Command>& registry() {
  static std::vector<Command> all;
  return all;
}

}  // namespace

RegisterCommand::RegisterCommand(Command command) { registry().push_back(std::move(command)); }

std::vector<Command> commands() {
  std::vector<Command> all = registry();
  std::sort(all.begin(), all.end(), [](const Command& a, const Command& b) { return a.order < b.order; });
  return all;
}

}  // namespace resnet::cli
