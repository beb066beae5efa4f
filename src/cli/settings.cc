#include "cli/settings.h"

#include "core/check.h"

namespace resnet::cli {

namespace {

std::string check_set(const std::string& item) {
  return item.find('=') != std::string::npos && item.front() != '=' ? ""
                                                                    : join("'", item, "' is not of the form key=value");
}

}  // namespace

void add_set_flag(CLI::App& app, std::vector<std::string>& items) {
  app.add_option("--set", items, "Any key of a recipe; may be repeated")
      ->check(check_set)
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
}

void apply_settings(const std::vector<std::string>& items, TrainConfig& config) {
  for (const std::string& item : items) {
    const size_t equals = item.find('=');
    set_option(config, item.substr(0, equals), item.substr(equals + 1));
  }
}

}  // namespace resnet::cli
