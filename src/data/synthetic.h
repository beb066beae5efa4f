// Pictures made by a procedure: ten classes of patterns in random colours, places and sizes with noise, which a small
// network learns in a few hundred steps and nothing needs to be downloaded for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "resnet/data.h"

namespace resnet {

struct SyntheticOptions {
  int64_t train = 10000;  ///< training pictures
  int64_t val = 2000;     ///< validation pictures, of other draws
  int64_t classes = 10;   ///< the first so many of synthetic_classes()
  int64_t size = 32;      ///< side, at least 8
  uint64_t seed = 0;
};

/// Names of the patterns: "horizontal stripes", …
const std::vector<std::string>& synthetic_classes();

/// Throws Error for options out of range. A picture is a pure function of (seed, split, index, size, classes).
DataSplits open_synthetic(const SyntheticOptions& options);

}  // namespace resnet
