#include <gtest/gtest.h>

#include <set>

#include "core/bf16.h"
#include "core/rng.h"
#include "resnet/error.h"
#include "resnet/tensor.h"

namespace resnet {
namespace {

TEST(Tensor, IsZeroedAndTyped) {
  Tensor t({2, 3});
  for (float v : t.as<float>()) EXPECT_EQ(v, 0.0f);
  EXPECT_THROW(t.as<int32_t>(), Error);
  EXPECT_EQ(t.reshaped({6}).shape(), Shape({6}));
  EXPECT_THROW(t.reshaped({5}), Error);
}

TEST(Bf16, RoundsToNearestEven) {
  EXPECT_EQ(f32_to_bf16(1.0f), 0x3f80);
  EXPECT_EQ(f32_to_bf16(bf16_to_f32(0x3f81)), 0x3f81);
  EXPECT_EQ(f32_to_bf16(1.00390625f), 0x3f80);  // halfway between 0x3f80 and 0x3f81: to even
  EXPECT_EQ(f32_to_bf16(1.01171875f), 0x3f82);  // halfway between 0x3f81 and 0x3f82: to even
}

TEST(Rng, StreamsAreReproducibleAndDistinct) {
  EXPECT_EQ(Rng(1, 2, 3).next(), Rng(1, 2, 3).next());
  std::set<uint32_t> first;
  for (uint64_t sample = 0; sample < 1000; ++sample) first.insert(Rng(1, 0, sample).next());
  EXPECT_GT(first.size(), 990u);
}

TEST(Rng, SeeksToAnyDraw) {
  Rng walked(5, 6, 7);
  for (uint64_t n = 0; n < 20; ++n) {
    Rng jumped(5, 6, 7);
    jumped.seek(n);
    const uint32_t draw = walked.next();
    EXPECT_EQ(jumped.next(), draw) << n;
  }
}

TEST(Rng, BelowIsUniform) {
  Rng rng(7);
  std::array<int, 9> count{};
  for (int i = 0; i < 90000; ++i) ++count[rng.below(9)];
  for (int c : count) EXPECT_NEAR(c, 10000, 400);
}

}  // namespace
}  // namespace resnet
