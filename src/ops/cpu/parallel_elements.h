// parallel_for over the elements of a tensor.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/parallel.h"

namespace resnet {

/// Calls body(begin, count) on ranges of [0, n) that start at multiples of 64.
template <class Body> void parallel_elements(int64_t n, const Body& body) {
  constexpr int64_t kBlock = 64;
  parallel_for((n + kBlock - 1) / kBlock, [&](int64_t begin, int64_t end, int /*thread*/) {
    body(begin * kBlock, std::min(n, end * kBlock) - begin * kBlock);
  });
}

}  // namespace resnet
