#include "eval/histogram.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"

namespace resnet {

// Doubles the range, two bins becoming one, until the value is inside.
void Histogram::cover(float value) {
  if (range_ == 0) range_ = value;
  while (value > range_) {
    for (int64_t i = 0; i < kBins / 2; ++i) {
      const auto at = static_cast<size_t>(i);
      counts_[at] = counts_[2 * at] + counts_[2 * at + 1];
    }
    std::fill(counts_.begin() + kBins / 2, counts_.end(), int64_t{0});
    range_ *= 2;
  }
}

void Histogram::add(const float* values, int64_t n) {
  float largest = 0;
  for (int64_t i = 0; i < n; ++i) {
    CHECK(std::isfinite(values[i]), "calibration met a value that is not a finite number; the weights are damaged");
    largest = std::max(largest, std::abs(values[i]));
  }
  largest_ = std::max(largest_, largest);
  total_ += n;
  if (largest > 0) cover(largest);
  const float bins = range_ > 0 ? static_cast<float>(kBins) / range_ : 0;
  for (int64_t i = 0; i < n; ++i)
    ++counts_[static_cast<size_t>(std::min<int64_t>(static_cast<int64_t>(std::abs(values[i]) * bins), kBins - 1))];
}

double Histogram::error(float clip, int levels) const {
  const double width = static_cast<double>(range_) / kBins, step = static_cast<double>(clip) / levels;
  double sum = 0;
  for (int64_t i = 0; i < kBins; ++i) {
    const double value = (static_cast<double>(i) + 0.5) * width, beyond = std::max(0.0, value - clip);
    // Zeros, of which a ReLU leaves many, are exact.
    const double rounding = i == 0 ? 0 : step * step / 12;
    sum += static_cast<double>(counts_[static_cast<size_t>(i)]) * (beyond > 0 ? beyond * beyond : rounding);
  }
  return sum;
}

float Histogram::clip(const std::string& method, int levels) const {
  if (method == "max" || largest_ == 0) return largest_;
  if (method == "percentile") {
    int64_t above = total_ / 10000, i = kBins;
    while (i > 1 && above >= counts_[static_cast<size_t>(i - 1)]) above -= counts_[static_cast<size_t>(--i)];
    return std::min(largest_, static_cast<float>(i) * range_ / kBins);
  }
  CHECK(method == "mse", "calibration by '", method, "' is unknown (max, percentile or mse)");
  float best = largest_;
  for (int percent = 20; percent < 100; ++percent) {
    const float clip = largest_ * static_cast<float>(percent) / 100;
    if (error(clip, levels) < error(best, levels)) best = clip;
  }
  return best;
}

}  // namespace resnet
