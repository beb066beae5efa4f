// Pooling past the caches or not, in one go or some rows at a time: the same bits.
#include "ops/cpu/pool_loops.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/arena.h"

namespace resnet {
namespace {

struct Written {
  std::vector<float> y, dx, average_dx;
  std::vector<uint8_t> winner;
  bool operator==(const Written&) const = default;
};

/// Everything on rows [0, split) and then the others.
Written run(const PoolShape& s, bool stream, int64_t split) {
  const int64_t inputs = s.h * s.w * s.c, outputs = s.oh * s.ow * s.c;
  const Arena arena(static_cast<size_t>(3 * inputs + 2 * outputs) * sizeof(float));
  auto *dx = reinterpret_cast<float*>(arena.at(0)), *average_dx = dx + inputs, *x = average_dx + inputs,
       *y = x + inputs, *dy = y + outputs;
  for (int64_t i = 0; i < inputs; ++i) x[i] = static_cast<float>(i * 2654435761u >> 5 & 1023);
  for (int64_t i = 0; i < outputs; ++i) dy[i] = static_cast<float>(i % 91) - 40.0f;
  Written w;
  w.winner.resize(static_cast<size_t>(outputs));
  const PoolLoops<float>& loops = pool_loops<float>();
  for (const PoolRows& rows : {PoolRows{0, split, stream, false}, PoolRows{split, s.oh, stream, false}})
    loops.max(s, rows, x, y, w.winner.data());
  for (const PoolRows& rows : {PoolRows{0, split, stream, false}, PoolRows{split, s.h, stream, false}}) {
    loops.max_backward(s, rows, dy, w.winner.data(), dx);
    loops.average_backward(s, rows, dy, average_dx);
  }
  w.y.assign(y, y + outputs);
  w.dx.assign(dx, dx + inputs);
  w.average_dx.assign(average_dx, average_dx + inputs);
  return w;
}

TEST(PoolLoops, StreamsAndSplitsToTheSameBits) {
  for (const int64_t c : {16, 24, 32, 64, 128}) {
    const PoolShape s{11, 9, c, 6, 5, 3, 3, 2, 1};
    const Written whole = run(s, false, 0);
    float sum = 0, expected = 0;
    for (const float d : whole.dx) sum += d;
    for (int64_t i = 0; i < 6 * 5 * c; ++i) expected += static_cast<float>(i % 91) - 40.0f;
    EXPECT_EQ(sum, expected) << "every output's gradient goes to one input; " << c << " channels";
    EXPECT_TRUE(run(s, true, 0) == whole) << c << " channels";
    EXPECT_TRUE(run(s, true, 3) == whole) << c << " channels";
    EXPECT_TRUE(run(s, false, 5) == whole) << c << " channels";
  }
}

}  // namespace
}  // namespace resnet
