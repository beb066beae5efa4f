#include "ops/cpu/packed_storage.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace resnet {
namespace {

TEST(PackedStorage, IsZeroedAlignedAndApart) {
  std::vector<Tensor> all;
  for (const int64_t n : {1, 100, 300000, 5000000, 7, 2000000}) {
    all.push_back(packed_storage({n}, DType::f32));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(all.back().raw()) % 64, 0u);
    for (const float v : all.back().as<float>()) ASSERT_EQ(v, 0);
    std::memset(all.back().raw(), static_cast<int>(all.size()), all.back().bytes());
  }
  for (size_t i = 0; i < all.size(); ++i)
    for (const uint8_t *p = static_cast<uint8_t *>(all[i].raw()), *end = p + all[i].bytes(); p != end; ++p)
      ASSERT_EQ(*p, i + 1);
}

TEST(PackedStorage, OutlivesItsNeighbours) {
  Tensor kept;
  {
    const Tensor first = packed_storage({1000}, DType::f32);
    kept = packed_storage({1000}, DType::f32);
    kept.f32()[999] = 3;
  }
  EXPECT_EQ(kept.f32()[999], 3);
}

}  // namespace
}  // namespace resnet
