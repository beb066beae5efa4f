#include "cli/train_start.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "core/check.h"

namespace resnet::cli {

namespace {

volatile std::sig_atomic_t g_signal = 0;
volatile std::sig_atomic_t g_notice = 1;  // 0: --quiet

// The first signal asks the trainer to finish its step and save; the second one ends the program at once.
void on_signal(int signal) {
  if (g_signal != 0 && signal == SIGPIPE) return;  // each line that nobody reads gives another
  if (g_signal != 0) std::_Exit(128 + signal);
  g_signal = signal;
  request_stop();
  constexpr char kNotice[] = "\nresnet: stopping after this step, then saving (once more: stop at once)\n";
  if (g_notice != 0 && write(STDERR_FILENO, kNotice, sizeof kNotice - 1) < 0) return;  // nothing to be done about it
}

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

void set_from(TrainConfig& config, const std::string& item) {
  const size_t equals = item.find('=');
  set_option(config, item.substr(0, equals), item.substr(equals + 1));
}

int64_t check_names(const TrainConfig& config) {
  const Graph model = make_model(config.model, {.image_size = config.image_size});
  DataOptions options;
  options.train_split = config.train_split;
  options.image_size = model.input_shape()[1];
  const int64_t pictures = open_data(config.data, options).train->size();
  if (!config.freeze.empty()) freeze(model, config.freeze);
  return pictures;
}

void catch_signals(bool quiet) {
  g_notice = quiet ? 0 : 1;
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGPIPE, &action, nullptr);  // the reader of the output is gone: nothing of the run may be lost
}

int caught_signal() { return g_signal; }

}  // namespace resnet::cli
