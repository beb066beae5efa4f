#include "engine/memory_plan.h"

#include <gtest/gtest.h>

#include "core/rng.h"

namespace resnet {
namespace {

TEST(MemoryPlan, SharesWhatIsNeverAliveTogether) {
  const MemoryPlan plan = plan_memory({{1000, 0, 1}, {1000, 2, 3}, {64, 1, 2}});
  EXPECT_EQ(plan.offsets[0], plan.offsets[1]);
  EXPECT_EQ(plan.bytes, 1024u + 64u);
  EXPECT_EQ(plan.bytes_no_reuse, 1024u + 1024u + 64u);
}

TEST(MemoryPlan, NeverOverlapsWhatIsAliveTogether) {
  Rng rng(1);
  std::vector<BufferLife> buffers;
  for (int i = 0; i < 300; ++i) {
    const int first = static_cast<int>(rng.below(100));
    buffers.push_back({rng.below(5000), first, first + static_cast<int>(rng.below(30))});
  }
  const MemoryPlan plan = plan_memory(buffers);
  for (size_t a = 0; a < buffers.size(); ++a) {
    EXPECT_EQ(plan.offsets[a] % 64, 0u);
    EXPECT_LE(plan.offsets[a] + buffers[a].bytes, plan.bytes);
    for (size_t b = 0; b < a; ++b) {
      if (buffers[a].first > buffers[b].last || buffers[b].first > buffers[a].last) continue;
      if (buffers[a].bytes == 0 || buffers[b].bytes == 0) continue;
      EXPECT_TRUE(plan.offsets[a] + buffers[a].bytes <= plan.offsets[b] ||
                  plan.offsets[b] + buffers[b].bytes <= plan.offsets[a])
          << a << " and " << b;
    }
  }
}

}  // namespace
}  // namespace resnet
