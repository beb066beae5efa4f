// Looks at every picture of a data set and says what is wrong with it: `resnet data check`.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "resnet/data.h"

namespace resnet {

struct Finding {
  std::string
      kind;    ///< unreadable, empty_file, conflicting_labels, in_both_splits, same_file, same_pixels, wrong_suffix,
               ///< empty_class
  bool error;  ///< else a warning: training works, but perhaps not as meant
  std::string where;
  std::string message;  ///< for people; begins with `where`
};

struct SplitReport {
  std::string name;
  std::vector<std::string> classes;
  int64_t pictures = 0;  ///< that can be read
  std::vector<int64_t> per_class;
  std::array<uint64_t, 3> sum{}, squares{};  ///< of the pixels' values, R G B
  uint64_t pixels = 0;

  double mean(size_t channel) const;  ///< of pixel/255
  double std(size_t channel) const;
};

struct Inspection {
  std::vector<SplitReport> splits;
  std::vector<Finding> findings;
};

/// Called by the calling thread now and then.
using InspectionProgress = std::function<void(int64_t done, int64_t all)>;

/// Reads all pictures, with all cores. A set that is both train and val is reported once, as "all"; an empty train not at all.
Inspection inspect(const DataSplits& data, const InspectionProgress& progress);

}  // namespace resnet
