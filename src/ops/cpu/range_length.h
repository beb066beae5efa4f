// How work on many units (pictures, pixels) is cut into ranges that stay in the second-level cache.
#pragma once

#include <algorithm>
#include <cstdint>

#include "ops/cpu/conv_shape.h"

namespace resnet {

/// Units of a range, a multiple of `step`: of the lengths up to `most` (at least one step) that cut a thread's share into no more
/// than twice as many ranges as needed, the one that leaves the busiest of `threads` the least work.
inline int64_t range_length(int64_t units, int64_t step, int64_t most, int64_t threads) {
  const int64_t part = ceil_div(units, threads), fewest = ceil_div(part, std::max(step, most / step * step));
  int64_t best = 0, least = INT64_MAX;
  for (int64_t ranges = fewest; ranges <= 2 * fewest; ++ranges) {
    const int64_t length = round_up(ceil_div(part, ranges), step);
    const int64_t load = ceil_div(ceil_div(units, length), threads) * length;  // of the busiest thread
    if (load < least) least = load, best = length;
  }
  return best;
}

}  // namespace resnet
