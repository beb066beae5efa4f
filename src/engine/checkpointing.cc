#include "engine/checkpointing.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "core/memory.h"
#include "engine/buffers.h"
#include "engine/cut.h"

namespace resnet {

namespace {

/// Σ over the nodes up to each one of what backward may want of them.
std::vector<double> running_bytes(const Compiled& c) {
  std::vector<double> sums(c.graph.nodes().size(), 0.0);
  for (const Step& step : c.steps) {
    const auto id = static_cast<size_t>(step.node);
    const size_t bytes = step.backward ? value_bytes(c, step.node) + step.kernel->needs().saved_bytes : 0;
    sums[id] = sums[id - 1] + static_cast<double>(bytes);
  }
  return sums;
}

double mebibytes(int64_t bytes) { return std::round(static_cast<double>(bytes) / (1 << 20)); }

// 1, 2, 3, 4, 6, 8, 12, 16, …
int64_t next_parts(int64_t parts) {
  return parts < 3 ? parts + 1 : (parts & (parts - 1)) ? parts / 3 * 4 : parts / 2 * 3;
}

}  // namespace

void divide(Compiled& c, int64_t parts) {
  for (Step& step : c.steps) {
    step.repeated = false;
    step.repeat_from = 0;
  }
  const std::vector<NodeId> cuts = cut_points(c.graph);
  const std::vector<double> sums = running_bytes(c);
  NodeId from = 1;  // of the part
  for (int64_t part = 1; part < parts; ++part) {
    const double wanted = sums.back() * static_cast<double>(part) / static_cast<double>(parts);
    const auto border = std::find_if(
        cuts.begin(), cuts.end(), [&](NodeId cut) { return cut >= from && sums[static_cast<size_t>(cut)] >= wanted; });
    if (border == cuts.end()) return;
    if (*border > from) c.steps[static_cast<size_t>(*border) - 1].repeat_from = from;
    for (NodeId id = from; id < *border; ++id) {
      Step& step = c.steps[static_cast<size_t>(id) - 1];
      step.repeated = step.backward;
    }
    from = *border + 1;
  }
}

void place_training_buffers(Compiled& c, const CompileOptions& options) {
  const auto place = [&](int64_t parts) {
    divide(c, parts);
    place_buffers(c, true);
    return training_bytes(c);
  };
  if (options.checkpoint > 0) {
    place(options.checkpoint);
    return;
  }
  const int64_t limit = options.memory_limit > 0 ? options.memory_limit : available_memory();
  int64_t best = 1, least = 0;
  for (int64_t parts = 1; parts <= static_cast<int64_t>(c.steps.size()); parts = next_parts(parts)) {
    const int64_t bytes = place(parts);
    if (bytes <= limit) return;
    if (parts == 1 || bytes < least) {
      best = parts;
      least = bytes;
    } else if (parts > 4 * best) {
      break;
    }
  }
  CHECK(options.memory_limit == 0, "training at batch ", options.batch, " in ", options.dtype, " needs at least ",
        mebibytes(least), " MiB, in ", best, " checkpointed parts; the limit is ", mebibytes(limit),
        " MiB: raise it, or use a smaller batch or bf16");
  place(best);
}

}  // namespace resnet
