// Where every buffer of a plan lies in its arena: buffers that are never alive at the same time may share a place.
#pragma once

#include <cstddef>
#include <vector>

namespace resnet {

/// Times are positions in the schedule (forward steps, then backward steps), both ends inclusive.
struct BufferLife {
  size_t bytes = 0;
  int first = 0;
  int last = 0;
};

struct MemoryPlan {
  std::vector<size_t> offsets;  ///< of each buffer, multiples of 64
  size_t bytes = 0;             ///< of the arena
  size_t bytes_no_reuse = 0;    ///< sum of all buffers
};

/// Greedy by size: the largest first, each at the lowest offset that is free during its life.
MemoryPlan plan_memory(const std::vector<BufferLife>& buffers);

}  // namespace resnet
