// The axes of a chart: which values they span, where these are drawn, and round ticks.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace resnet {

/// The values that were added, those that are no numbers left out.
struct Range {
  double low = INFINITY, high = -INFINITY;
  void add(double v) {
    if (!std::isfinite(v)) return;
    low = std::min(low, v);
    high = std::max(high, v);
  }
};

struct Axis {
  double low = 0, high = 1, from = 0, to = 1;  // values and where they are drawn
  bool log = false;
  std::vector<double> ticks;

  double at(double v) const {
    const auto f = [&](double x) { return log ? std::log10(x) : x; };
    return from + (f(v) - f(low)) / (f(high) - f(low)) * (to - from);
  }
};

/// About `ticks` parts; every value of `range` is inside.
Axis linear_axis(Range range, int ticks, bool from_zero);
/// Whole decades. range.low > 0.
Axis log_axis(const Range& range);

/// Round values that divide [low, high] into about `count` parts. low < high.
std::vector<double> nice_ticks(double low, double high, int count);
std::string tick_text(double value);  ///< "0.5", "64k"

}  // namespace resnet
