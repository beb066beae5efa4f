// Progress on standard error: a bar that is redrawn where that is a terminal, plain lines where it is not.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "cli/output.h"

namespace resnet::cli {

class ProgressBar {
 public:
  explicit ProgressBar(const Output& out);
  ~ProgressBar();  ///< clears the bar
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  bool visible() const { return visible_; }
  /// Redraws at most ten times a second (always at the end). `details` stands behind the bar; the time left is worked
  /// out from the pace since the first call.
  void update(int64_t done, int64_t all, const std::string& details);
  /// A line above the bar that stays; on any kind of standard error.
  void line(const std::string& text);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  std::string time_left(int64_t done, int64_t all) const;

  Output out_;
  bool visible_ = false;
  bool drawn_ = false;
  bool started_ = false;
  int64_t first_ = 0;  // `done` of the first call
  Clock::time_point start_, last_;
};

}  // namespace resnet::cli
