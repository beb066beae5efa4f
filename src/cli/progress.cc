#include "cli/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "cli/text.h"

namespace resnet::cli {

namespace {

constexpr int kBarWidth = 20, kNarrowBarWidth = 10;
constexpr size_t kWideTerminal = 115;  // columns from which on the wider bar leaves room for the details

size_t terminal_width() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

std::string drawn_bar(double share, int width) {
  // Eighths of a block, so that the bar moves smoothly.
  static constexpr const char* kParts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const int eighths = static_cast<int>(share * width * 8);
  std::string bar;
  for (int i = 0; i < eighths / 8; ++i) bar += "█";
  if (eighths % 8 != 0) bar += kParts[eighths % 8];
  const int used = (eighths + 7) / 8;
  return bar + std::string(static_cast<size_t>(std::max(0, width - used)), ' ');
}

}  // namespace

ProgressBar::ProgressBar(const Output& out) : out_(out), visible_(stderr_is_terminal() && !out.quiet) {}

ProgressBar::~ProgressBar() { clear(); }

std::string ProgressBar::time_left(int64_t done, int64_t all) const {
  if (done <= first_) return "?";
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  return human_duration(seconds / static_cast<double>(done - first_) * static_cast<double>(all - done));
}

void ProgressBar::update(int64_t done, int64_t all, const std::string& details) {
  const Clock::time_point now = Clock::now();
  if (!started_) {
    started_ = true;
    first_ = done;
    start_ = now;
  } else if (done < all && now - last_ < std::chrono::milliseconds(100)) {
    return;
  }
  last_ = now;
  if (!visible_ || all <= 0) return;
  const double share = std::clamp(static_cast<double>(done) / static_cast<double>(all), 0.0, 1.0);
  const size_t columns = terminal_width();
  const std::string bar = drawn_bar(share, columns >= kWideTerminal ? kBarWidth : kNarrowBarWidth);
  const std::string text = fmt::format("{:3.0f} % │{}│ ETA {}  {}", share * 100, bar, time_left(done, all), details);
  out_.log("\r\033[K{}", shortened(text, columns - 1));
  std::fflush(stderr);
  drawn_ = true;
}

void ProgressBar::line(const std::string& text) {
  clear();
  out_.log("{}\n", text);
}

void ProgressBar::clear() {
  if (!drawn_) return;
  out_.log("\r\033[K");
  drawn_ = false;
}

}  // namespace resnet::cli
