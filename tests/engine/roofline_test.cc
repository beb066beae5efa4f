// The roofline: what is measured is positive, and the larger demand of a piece of work decides.
#include "engine/roofline.h"

#include <gtest/gtest.h>

#include "resnet/models.h"

namespace resnet {
namespace {

const Roofline kRoof = {
    .dtype = DType::f32, .threads = 1, .flops_per_second = 1e9, .bandwidths = {{1000, 4e6, 8e6}, {1000000, 2e6, 1e6}}};

TEST(Roofline, TheLargerDemandDecides) {
  EXPECT_DOUBLE_EQ(kRoof.seconds(2e9, 1000), 2);
  EXPECT_DOUBLE_EQ(kRoof.seconds(1, 800), 800 / 8e6);
}

TEST(Roofline, CachesServeWhatFitsThem) {
  EXPECT_DOUBLE_EQ(kRoof.bandwidth(1000), 8e6);
  EXPECT_DOUBLE_EQ(kRoof.bandwidth(1001), 2e6);
  EXPECT_DOUBLE_EQ(kRoof.bandwidth(1e9), 2e6);
}

TEST(Roofline, MeasuresThisMachine) {
  for (const DType dtype : {DType::f32, DType::bf16, DType::u8}) {
    const Roofline roof = measure_roofline(dtype);
    EXPECT_EQ(roof.dtype, dtype);
    EXPECT_GT(roof.flops_per_second, 1e8);
    ASSERT_GE(roof.bandwidths.size(), 2u);
    for (const Bandwidth& b : roof.bandwidths) {
      EXPECT_GT(b.bytes_per_second, 1e7);
      EXPECT_GT(b.read_per_second, 1e7);
    }
  }
}

TEST(Roofline, TheFirstLayerHasNoDataGradient) {
  const Graph graph = make_model("cifar-resnet8", {});
  Plan plan(graph, {.batch = 2, .mode = Mode::train});
  const StepInfo first = plan.steps().front(), second = plan.steps()[2];
  EXPECT_DOUBLE_EQ(flops_of(first), 4.0 * static_cast<double>(first.multiply_adds));
  ASSERT_GT(second.multiply_adds, 0) << second.name;
  EXPECT_DOUBLE_EQ(flops_of(second), 6.0 * static_cast<double>(second.multiply_adds));
  Plan infer(graph, {.batch = 2});
  EXPECT_DOUBLE_EQ(flops_of(infer.steps().front()), 2.0 * static_cast<double>(first.multiply_adds));
}

}  // namespace
}  // namespace resnet
