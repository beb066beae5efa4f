// How large a node's values are: a histogram of magnitudes whose range grows with what comes, and the clip that follows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace resnet {

class Histogram {
 public:
  void add(const float* values, int64_t n);
  float largest() const { return largest_; }
  /// Where u8 values should end, by "max" (the largest value), "percentile" (99.99 % of all values are below) or "mse" (the
  /// least squared error of rounding to `levels` steps and of clipping). 0 when nothing but zeros came.
  float clip(const std::string& method, int levels) const;

 private:
  static constexpr int64_t kBins = 2048;

  void cover(float value);
  double error(float clip, int levels) const;

  std::vector<int64_t> counts_ = std::vector<int64_t>(kBins, 0);
  float range_ = 0, largest_ = 0;  // bin i holds magnitudes in [i, i + 1)·range_/kBins
  int64_t total_ = 0;
};

}  // namespace resnet
