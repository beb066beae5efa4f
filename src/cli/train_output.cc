#include "cli/train_output.h"

#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "cli/common.h"
#include "cli/text.h"

namespace resnet::cli {

namespace {

// Settings without comments and empty lines, as two columns.
std::string settings_table(const std::string& toml) {
  Table table({{"setting", Table::Align::left}, {"value", Table::Align::left}});
  std::istringstream in(toml);
  std::string section;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("[")) section = line.substr(1, line.find(']') - 1) + ".";
    const size_t equals = line.find('=');
    if (line.starts_with("[") || line.starts_with("#") || equals == std::string::npos) continue;
    const auto trimmed = [](std::string text) {
      text.erase(0, text.find_first_not_of(' '));
      text.erase(text.find_last_not_of(' ') + 1);
      return text;
    };
    table.row({section + trimmed(line.substr(0, equals)), trimmed(line.substr(equals + 1))});
  }
  return table.str("  ");
}

// Seven digits, as many as a float holds: 0.1, not 0.10000000149.
double rounded(double value) { return std::strtod(fmt::format("{:.7g}", value).c_str(), nullptr); }

std::string target_text(const TrainConfig& c, const TrainResult& r) {
  if (!r.target_step)
    return fmt::format("training error did not fall below {:.4g} % in {} steps", c.target_error, grouped(r.step));
  return fmt::format("training error fell below {:.4g} % at step {} (mean of 100 steps)", c.target_error,
                     grouped(*r.target_step));
}

// The keys stand in every result, so that a reader need not ask which recipe it was.
void record_expectation(const TrainConfig& c, const TrainResult& r, Json& record) {
  const bool judged = r.verdict == Verdict::reached || r.verdict == Verdict::missed;
  record["expectation_met"] = judged ? Json(r.verdict == Verdict::reached) : Json();
  if (c.expect_metric.empty()) return;
  record["expectation"] = r.verdict == Verdict::none ? Json() : Json(verdict_text(r));
  record["expect_metric"] = c.expect_metric;
  record["expect_bound"] = c.expect_bound;
  record["expect_value"] = c.expect_value;
  record["expect_tolerance"] = c.expect_tolerance;
  record["expect_source"] = c.expect_source;
}

std::string wait_text(double share) { return fmt::format("waited for data {:.0f} %", share * 100); }

}  // namespace

std::string expectation_text(const TrainConfig& c) {
  const std::string name = c.expect_metric == "test_error" ? "test error" : c.expect_metric;
  const std::string side = c.expect_bound == "at_most" ? ", or less" : c.expect_bound == "at_least" ? ", or more" : "";
  const std::string source = c.expect_source.empty() ? "" : " (" + c.expect_source + ")";
  return fmt::format("{} {:.2f} ± {:.4g} %{}{}", name, c.expect_value, c.expect_tolerance, side, source);
}

std::string verdict_text(const TrainResult& r) {
  switch (r.verdict) {
    case Verdict::reached:
      return "reached";
    case Verdict::missed:
      return fmt::format("NOT reached, {:.2f} %", r.expect_measured);
    case Verdict::shortened:
      return "not judged: shortened";
    case Verdict::none:
      break;
  }
  return "";
}

void log_settings(const TrainConfig& config, const Output& out) {
  out.log("settings of this run\n{}", settings_table(to_toml(config)));
  if (!config.pretrained.empty()) out.log("  starts from {}\n", config.pretrained);
  out.log("  computes in {}; files go to {}\n\n", name_of(resolve_dtype(config.dtype)), config.output_dir);
}

TrainLog::TrainLog(const TrainConfig& config, const Output& out) : config_(config), out_(out), bar_(out) {}

void TrainLog::update(const Progress& p) {
  if (!p.note.empty()) return bar_.line("note: " + p.note);
  if (p.log_due) return steps(p);
  bar_.update(
      p.step, p.steps,
      fmt::format("loss {:.4f}  error {:.2f} %  {:.0f} img/s  data wait {:.0f} %  lr {:.4g}  epoch {} step {}/{}",
                  p.loss, p.train_error, p.images_per_second, p.data_wait_share * 100, p.lr, p.epoch + 1, p.step,
                  p.steps));
  if (p.epoch_end) epoch(p);
}

void TrainLog::steps(const Progress& p) {
  bar_.line(fmt::format("step {}/{}  lr {:.4g}  loss {:.4f}  train error {}  {:.4g} img/s", p.step, p.steps, p.lr,
                        p.loss, percent(p.train_error), p.images_per_second));
  out_.record({{"event", "steps"},
               {"step", p.step},
               {"steps", p.steps},
               {"lr", rounded(p.lr)},
               {"train_loss", p.loss},
               {"train_error", p.train_error},
               {"images_per_second", p.images_per_second}});
}

void TrainLog::epoch(const Progress& p) {
  std::string text = fmt::format("epoch {:3}  step {}/{}  lr {:.4g}  loss {:.4f}  train error {}", p.epoch + 1, p.step,
                                 p.steps, p.lr, p.loss, percent(p.train_error));
  if (p.eval) text += fmt::format("  test error {}{}", percent(100 - p.eval->top1), p.best ? " (best)" : "");
  bar_.line(text + fmt::format("  {:.0f} img/s  {}", p.images_per_second, wait_text(p.data_wait_share)));
  record_epoch(p);
}

void TrainLog::record_epoch(const Progress& p) const {
  Json record = {{"event", "epoch"},
                 {"epoch", p.epoch + 1},
                 {"step", p.step},
                 {"steps", p.steps},
                 {"lr", rounded(p.lr)},
                 {"train_loss", p.loss},
                 {"train_error", p.train_error}};
  if (p.eval) {
    record["loss"] = p.eval->loss;
    record["top1"] = p.eval->top1;
    record["top5"] = p.eval->top5;
    record["best"] = p.best;
  }
  record["images_per_second"] = p.images_per_second;
  record["data_wait_share"] = p.data_wait_share;
  out_.record(record);
}

void TrainLog::record_result(const TrainResult& r) const {
  Json record = {{"event", "result"},    {"model", config_.model},
                 {"data", config_.data}, {"dtype", name_of(resolve_dtype(config_.dtype))},
                 {"step", r.step},       {"interrupted", r.interrupted}};
  record["train_loss"] = r.train_loss;
  record["train_error"] = r.train_error;
  if (!r.interrupted) {
    record["loss"] = r.eval.loss;
    record["top1"] = r.eval.top1;
    record["top5"] = r.eval.top5;
  }
  record["best_top1"] = r.best_top1;
  record_expectation(config_, r, record);
  if (config_.target_error > 0) {
    record["target_error"] = config_.target_error;
    record["target_step"] = r.target_step ? Json(*r.target_step) : Json();
  }
  record["parameters"] = trainable_elements(r.checkpoint.weights);
  record["seconds"] = r.seconds;
  record["images_per_second"] = r.images_per_second;
  record["data_wait_share"] = r.data_wait_share;
  record["peak_memory_bytes"] = peak_memory_bytes();
  record["output_dir"] = config_.output_dir;
  out_.record(record);
}

void TrainLog::finish(const TrainResult& r) {
  bar_.clear();
  record_result(r);
  if (r.interrupted) {
    out_.print("stopped at step {} and saved; to go on:\n  {} train --resume --output-dir {}\n", r.step,
               shell_word(out_.program), shell_word(config_.output_dir));
    return;
  }
  out_.print("\nafter {} steps: test error {} (top-1 {}, top-5 {}), loss {:.4f}; best test error {}\n", grouped(r.step),
             percent(100 - r.eval.top1), percent(r.eval.top1), percent(r.eval.top5), r.eval.loss,
             percent(100 - r.best_top1));
  out_.print("training error of the last epoch {}; {} in all, {:.0f} img/s, {}, {} of memory at most\n",
             percent(r.train_error), human_duration(r.seconds), r.images_per_second, wait_text(r.data_wait_share),
             human_bytes(static_cast<double>(peak_memory_bytes())));
  if (config_.target_error > 0) out_.print("{}\n", target_text(config_, r));
  if (r.verdict != Verdict::none) out_.print("the recipe expects {}: {}\n", expectation_text(config_), verdict_text(r));
  next_commands(r);
}

std::string TrainLog::weights_file() const {
  const std::string best = config_.output_dir + "/best.safetensors";
  return shell_word(std::filesystem::exists(best) ? best : config_.output_dir + "/last.safetensors");
}

void TrainLog::next_commands(const TrainResult&) const {
  const std::string program = shell_word(out_.program), folder = shell_word(config_.output_dir);
  out_.log(
      "\nnext:\n  {0} predict --weights {1} PICTURE.png\n  {0} eval --weights {1} --data {2}\n"
      "  {0} report {3} -o report.html\n",
      program, weights_file(), shell_word(config_.data), folder);
}

}  // namespace resnet::cli
