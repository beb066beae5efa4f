#include "train/run_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <utility>

#include "core/check.h"
#include "io/atomic_file.h"

namespace resnet {

namespace fs = std::filesystem;

namespace {

constexpr const char* kHeader =
    "epoch,step,lr,train_loss,train_error,test_loss,test_error,images_per_second,data_wait_share,seconds";

constexpr std::string_view kEvents = "events.out.tfevents.";

/// The step of a row; -1 for anything else.
int64_t step_of(const std::string& line) {
  const size_t begin = line.find(',') + 1;
  const size_t end = line.find(',', begin);
  if (begin == 0 || end == std::string::npos) return -1;
  int64_t step = -1;
  const auto [stop, error] = std::from_chars(line.data() + begin, line.data() + end, step);
  return error == std::errc() && stop == line.data() + end ? step : -1;
}

std::string format_row(const EpochRow& r) {
  std::string test_loss, test_error;
  if (r.eval) {
    test_loss = fmt::format("{:.6g}", r.eval->loss);
    test_error = fmt::format("{:.6g}", 100 - r.eval->top1);
  }
  return fmt::format("{},{},{:.6g},{:.6g},{:.6g},{},{},{:.1f},{:.4f},{:.1f}", r.epoch, r.step, r.lr, r.train_loss,
                     r.train_error, test_loss, test_error, r.images_per_second, r.data_wait_share, r.seconds);
}

}  // namespace

bool RunLog::may_begin_in(const std::string& folder) {
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string(), path = entry.path().string();
    if (name == "config.toml" || name.starts_with(kEvents)) continue;
    if (name != "metrics.csv" || read_text_file(path).find('\n') + 1 < fs::file_size(path)) return false;
  }
  return true;
}

RunLog::RunLog(const std::string& folder, bool resume, bool target) : folder_(folder), target_(target) {
  CHECK(!resume || fs::exists(last_path()), "nothing to resume: '", last_path(),
        "' does not exist; start without --resume");
  CHECK(resume || !fs::exists(last_path()), "the output folder '", folder_,
        "' holds a run already; resume it with --resume, or choose another folder");
}

std::string RunLog::header() const { return std::string(kHeader) + (target_ ? ",target_step" : "") + "\n"; }

/// The table without rows after `step` and without a row that was cut off.
std::string RunLog::rows_until(const std::string& path, int64_t step) const {
  std::string kept = header();
  if (!fs::exists(path)) return kept;
  const auto commas = std::count(kept.begin(), kept.end(), ',');
  std::istringstream lines(read_text_file(path));
  for (std::string line; std::getline(lines, line);) {
    const int64_t at = step_of(line);
    const bool whole = !lines.eof() && std::count(line.begin(), line.end(), ',') == commas;
    if (whole && at >= 0 && at <= step) kept += line + "\n";
  }
  return kept;
}

/// What a process that was killed while it saved has left. Nobody else writes here: the folder is locked.
void RunLog::remove_stale_files(bool events) {
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
    const std::string name = entry.path().filename().string();
    const bool ours = name.starts_with("last.safetensors.") || name.starts_with("best.safetensors.");
    std::error_code ignored;
    if (events && name.starts_with(kEvents)) fs::remove(entry.path(), ignored);  // of a run that saved nothing
    if (ours && name.ends_with(".tmp")) fs::remove(entry.path(), ignored);
  }
}

void RunLog::start(const std::string& config_toml, std::optional<int64_t> resumed_step) {
  std::error_code error;
  fs::create_directories(folder_, error);
  CHECK(fs::is_directory(folder_), "cannot create the output folder '", folder_,
        "': ", error ? error.message() : "a file of that name exists");
  lock_.emplace(folder_,
                join("another process is training into '", folder_, "'; wait for it or choose another folder"));
  remove_stale_files(!resumed_step);
  write_file_atomically(folder_ + "/config.toml", config_toml);
  const std::string path = folder_ + "/metrics.csv";
  write_file_atomically(path, resumed_step ? rows_until(path, *resumed_step) : header());
  csv_.open(path, std::ios::app);
  CHECK(csv_, "cannot write '", path, "': ", std::strerror(errno));
  events_ = std::make_unique<EventWriter>(folder_, resumed_step.value_or(-1));
}

void RunLog::add(const EpochRow& row) {
  csv_ << format_row(row);
  if (target_) csv_ << ',' << (row.target_step > 0 ? std::to_string(row.target_step) : "");
  csv_ << '\n' << std::flush;
  CHECK(csv_, "cannot write '", folder_, "/metrics.csv': ", std::strerror(errno));
  std::vector<std::pair<std::string, double>> values{{"loss/train", row.train_loss},
                                                     {"error/train", row.train_error},
                                                     {"lr", row.lr},
                                                     {"speed/images_per_second", row.images_per_second},
                                                     {"speed/data_wait_share", row.data_wait_share}};
  if (row.eval) {
    values.emplace_back("loss/test", row.eval->loss);
    values.emplace_back("error/test", 100 - row.eval->top1);
  }
  events_->scalars(row.step, values);
}

void RunLog::add_steps(int64_t step, double loss, double error) {
  events_->scalars(step, {{"loss/steps", loss}, {"error/steps", error}});
}

}  // namespace resnet
