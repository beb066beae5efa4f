#include "train/state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temp_folder.h"

namespace resnet {
namespace {

using testing::HasSubstr;

TEST(TrainState, TextKeepsAllBits) {
  TrainState s;
  s.step = 123456789012;
  s.closed = true;
  s.best_top1 = 91.0 / 3;
  s.meter.add(0.1f, 3, 7);
  s.warmup.below = false;
  s.plateau.best = 0.1 + 0.2;
  const TrainState t = parse_state(to_strings(s), "f");
  EXPECT_EQ(t.step, s.step);
  EXPECT_EQ(t.closed, s.closed);
  EXPECT_EQ(t.best_top1, s.best_top1);
  EXPECT_EQ(t.meter.loss_sum, s.meter.loss_sum);
  EXPECT_EQ(t.meter.wrong, 3);
  EXPECT_EQ(t.warmup.below, false);
  EXPECT_EQ(t.plateau.best, s.plateau.best);
  EXPECT_EQ(to_strings(t), to_strings(s));
}

TEST(TrainState, FilesWithoutATargetAreRead) {
  TrainState s;
  s.step = 7;
  auto entries = to_strings(s);
  std::erase_if(entries, [](const auto& entry) { return entry.first.starts_with("target_"); });
  EXPECT_EQ(to_strings(parse_state(entries, "f")), to_strings(s));
}

TEST(TrainState, DamageIsNamed) {
  auto entries = to_strings(TrainState{});
  entries["step"] = "12x";
  EXPECT_THAT(error_of([&] { parse_state(entries, "f"); }), HasSubstr("f: the training state's 'step' is '12x'"));
  entries.erase("step");
  EXPECT_THAT(error_of([&] { parse_state(entries, "f"); }), HasSubstr("has no 'step'"));
}

TEST(EpochMeter, WeighsBatchesByTheirSize) {
  EpochMeter m;
  m.add(1, 10, 30);
  m.add(3, 0, 10);
  EXPECT_DOUBLE_EQ(m.loss(), 1.5);
  EXPECT_DOUBLE_EQ(m.error(), 25);
}

}  // namespace
}  // namespace resnet
