#include "report/axis.h"

#include <fmt/format.h>

namespace resnet {

Axis linear_axis(Range range, int ticks, bool from_zero) {
  if (from_zero) range.add(0);
  if (range.low == range.high) {  // one value: some room on both sides
    const double room = range.low == 0 ? 1 : std::abs(range.low) * 0.5;
    range.high += room;
    if (!from_zero || range.low != 0) range.low -= room;
  }
  Axis axis;
  axis.ticks = nice_ticks(range.low, range.high, ticks);
  axis.low = std::min(range.low, axis.ticks.front());
  axis.high = std::max(range.high, axis.ticks.back());
  return axis;
}

Axis log_axis(const Range& range) {
  Axis axis;
  axis.log = true;
  axis.low = std::pow(10, std::floor(std::log10(range.low)));
  axis.high = std::pow(10, std::ceil(std::log10(range.high)));
  if (axis.high <= axis.low) axis.high = axis.low * 10;
  const double decades = std::round(std::log10(axis.high / axis.low)), every = std::ceil(decades / 7);
  for (double d = 0; d <= decades; d += every) axis.ticks.push_back(axis.low * std::pow(10, d));
  return axis;
}

std::vector<double> nice_ticks(double low, double high, int count) {
  const double rough = (high - low) / count, power = std::pow(10, std::floor(std::log10(rough)));
  double step = power * 10;
  for (double factor : {1.0, 2.0, 5.0})
    if (power * factor >= rough * 0.999) {
      step = power * factor;
      break;
    }
  std::vector<double> ticks;
  const double first = std::floor(low / step + 1e-9), last = std::ceil(high / step - 1e-9);
  for (double i = first; i <= last; ++i) ticks.push_back(i * step);
  return ticks;
}

std::string tick_text(double value) {
  if (std::abs(value) < 1e-12) return "0";
  if (std::abs(value) >= 1e6) return fmt::format("{:.6g}M", value / 1e6);
  if (std::abs(value) >= 1e4) return fmt::format("{:.6g}k", value / 1e3);
  return fmt::format("{:.6g}", value);
}

}  // namespace resnet
