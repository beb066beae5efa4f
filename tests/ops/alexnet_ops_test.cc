// The ops of AlexNet and VGG: shapes and refusals, and what conformance cannot see: the draws of dropout.
#include <gtest/gtest.h>

#include "core/parallel.h"
#include "ops/adaptive_avg_pool.h"
#include "ops/dropout.h"
#include "ops/flatten.h"
#include "ops/lrn.h"
#include "ops/sigmoid.h"
#include "ops/tanh.h"
#include "resnet/error.h"

namespace resnet {
namespace {

TEST(AlexNetOps, ShapesAndRefusals) {
  EXPECT_EQ(AdaptiveAvgPool({6}).infer({{2, 13, 11, 5}}), Shape({2, 6, 6, 5}));
  EXPECT_EQ(Flatten().infer({{2, 3, 4, 5}}), Shape({2, 1, 1, 60}));
  EXPECT_EQ(Lrn({}).describe(), "size 5 alpha 0.0001 beta 0.75 k 2");
  EXPECT_THROW(AdaptiveAvgPool({0}).infer({{2, 13, 11, 5}}), Error);
  EXPECT_THROW(Lrn({.size = 4}).infer({{2, 3, 3, 5}}), Error) << "an even window";
  EXPECT_THROW(Dropout({.p = 1}).infer({{2, 3, 3, 5}}), Error);
  EXPECT_THROW(Dropout({.p = -0.1f}).infer({{2, 3, 3, 5}}), Error);
  EXPECT_THROW(Tanh().infer({}), Error);
  EXPECT_THROW(Sigmoid().infer({}), Error);
}

TEST(AlexNetOps, FlattenPutsChannelsFirst) {
  const Flatten op;
  KernelSpec spec;
  spec.op = &op;
  spec.x = {Shape{1, 1, 2, 3}};
  spec.y = Shape{1, 1, 1, 6};
  const std::vector<float> x{0, 1, 2, 10, 11, 12};
  std::vector<float> y(6);
  KernelArgs args;
  args.x[0] = x.data();
  args.y = y.data();
  choose_kernel(spec, "cpu").kernel->forward(args);
  EXPECT_EQ(y, (std::vector<float>{0, 10, 1, 11, 2, 12}));
}

std::vector<float> dropped(const Dropout& op, const RandomKey& key, int64_t n) {
  KernelSpec spec;
  spec.op = &op;
  spec.x = {Shape{1, 1, 1, n}};
  spec.y = spec.x[0];
  spec.train = true;
  const std::vector<float> ones(static_cast<size_t>(n), 1.0f);
  std::vector<float> y(static_cast<size_t>(n));
  KernelArgs args;
  args.x[0] = ones.data();
  args.y = y.data();
  args.random = &key;
  choose_kernel(spec, "cpu").kernel->forward(args);
  return y;
}

TEST(Dropout, KeepsItsShareAndTheMean) {
  const std::vector<float> y = dropped(Dropout({.p = 0.3f}), {1, 2}, 100000);
  double sum = 0, zeros = 0;
  for (float v : y) {
    EXPECT_TRUE(v == 0 || v == 1 / (1 - 0.3f)) << v;
    sum += v;
    zeros += v == 0;
  }
  EXPECT_NEAR(zeros / 100000, 0.3, 0.006);
  EXPECT_NEAR(sum / 100000, 1, 0.01);
}

TEST(Dropout, DrawsAreAFunctionOfSeedStepAndPlace) {
  const Dropout op({.stream = 1}), other({.stream = 2});
  const std::vector<float> y = dropped(op, {1, 2}, 5000);
  const int before = threads();
  set_threads(1);
  EXPECT_EQ(y, dropped(op, {1, 2}, 5000)) << "the number of threads";
  set_threads(before);
  EXPECT_NE(y, dropped(op, {1, 3}, 5000)) << "the step";
  EXPECT_NE(y, dropped(op, {2, 2}, 5000)) << "the seed";
  EXPECT_NE(y, dropped(other, {1, 2}, 5000)) << "the place in the network";
}

}  // namespace
}  // namespace resnet
