#include "engine/memory_plan.h"

#include <algorithm>
#include <numeric>

namespace resnet {

namespace {

constexpr size_t kAlign = 64;

// Lowest offset at which `bytes` fit between the placed buffers (sorted by offset) that live at the same time.
size_t lowest_gap(const std::vector<std::pair<size_t, size_t>>& occupied, size_t bytes) {
  size_t offset = 0;
  for (const auto& [begin, end] : occupied) {
    if (offset + bytes <= begin) break;
    offset = std::max(offset, end);
  }
  return offset;
}

}  // namespace

MemoryPlan plan_memory(const std::vector<BufferLife>& buffers) {
  std::vector<size_t> order(buffers.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return buffers[a].bytes > buffers[b].bytes; });

  MemoryPlan plan;
  plan.offsets.resize(buffers.size());
  std::vector<size_t> placed;  // by offset
  std::vector<std::pair<size_t, size_t>> occupied;
  for (size_t id : order) {
    const BufferLife& b = buffers[id];
    const size_t bytes = (b.bytes + kAlign - 1) / kAlign * kAlign;
    occupied.clear();
    for (size_t other : placed)
      if (buffers[other].first <= b.last && b.first <= buffers[other].last)
        occupied.emplace_back(plan.offsets[other],
                              plan.offsets[other] + (buffers[other].bytes + kAlign - 1) / kAlign * kAlign);
    const size_t offset = lowest_gap(occupied, bytes);
    plan.offsets[id] = offset;
    plan.bytes = std::max(plan.bytes, offset + bytes);
    plan.bytes_no_reuse += bytes;
    const auto at = std::upper_bound(placed.begin(), placed.end(), offset,
                                     [&](size_t o, size_t other) { return o < plan.offsets[other]; });
    placed.insert(at, id);
  }
  return plan;
}

}  // namespace resnet
