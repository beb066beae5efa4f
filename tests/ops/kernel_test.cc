// Choosing kernels: every op has an oracle, refusals are told, and the worked values of the oracle that conformance and
// golden tests lean on.
#include "ops/kernel.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ops/batch_norm.h"
#include "ops/conv.h"
#include "ops/pool.h"
#include "ops/softmax_cross_entropy.h"
#include "resnet/error.h"

namespace resnet {
namespace {

KernelSpec spec(const Op& op, const std::vector<Shape>& x, bool train) {
  KernelSpec s;
  s.op = &op;
  s.x = x;
  s.y = op.infer(x);
  s.train = train;
  s.need_dx = {train, train && x.size() > 1};
  return s;
}

TEST(Kernels, EveryOpHasAnOracleAndAFastKernel) {
  for (const char* op :
       {"conv", "batch_norm", "relu", "add", "max_pool", "avg_pool", "pad_channels", "linear", "softmax_cross_entropy"})
    for (const char* backend : {"ref", "cpu"}) EXPECT_FALSE(kernels_of(op, backend).empty()) << op << " " << backend;
}

TEST(Kernels, BestFirst) {
  const auto entries = kernels_of("conv", "cpu");
  for (size_t i = 1; i < entries.size(); ++i) EXPECT_GE(entries[i - 1]->rank, entries[i]->rank);
}

TEST(Kernels, AnUnknownBackendIsAnError) {
  const Conv conv({.out = 4});
  try {
    choose_kernel(spec(conv, {{1, 4, 4, 4}}, false), "abacus");
    FAIL() << "nothing was thrown";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("abacus"), std::string::npos) << e.what();
    EXPECT_NE(std::string(e.what()).find("conv"), std::string::npos) << e.what();
  }
}

TEST(Oracle, ConvolutionByHand) {
  const Conv conv({.out = 1, .kernel = 2, .bias = true});
  std::vector<float> x{1, 2, 3, 4, 5, 6, 7, 8, 9}, w{1, 10, 100, 1000}, bias{0.5f}, y(4);
  KernelArgs a;
  a.x[0] = x.data();
  a.y = y.data();
  a.w = {w.data(), bias.data()};
  choose_kernel(spec(conv, {{1, 3, 3, 1}}, false), "ref").kernel->forward(a);
  EXPECT_EQ(y, (std::vector<float>{5421.5f, 6532.5f, 8754.5f, 9865.5f}));
}

TEST(Oracle, BatchNormMovesRunningStatisticsByGroup) {
  const BatchNorm bn({.eps = 0, .momentum = 0.5f, .group = 2});
  std::vector<float> x{1, 3, 10, 14}, y(4), gamma{2}, beta{1}, mean{0}, var{1};
  const auto kernel = choose_kernel(spec(bn, {{4, 1, 1, 1}}, true), "ref").kernel;
  std::vector<double> saved(kernel->needs().saved_bytes / sizeof(double));
  KernelArgs a;
  a.x[0] = x.data();
  a.y = y.data();
  a.w = {gamma.data(), beta.data(), mean.data(), var.data()};
  a.saved = saved.data();
  kernel->forward(a);
  EXPECT_EQ(y, (std::vector<float>{-1, 3, -1, 3}));
  EXPECT_EQ(mean[0], (0 * 0.5f + 2 * 0.5f) * 0.5f + 12 * 0.5f);
  EXPECT_EQ(var[0], (1 * 0.5f + 2 * 0.5f) * 0.5f + 8 * 0.5f);  // unbiased: 2 and 8
}

TEST(Oracle, PaddingNeverWinsAMaximumButCountsInAnAverage) {
  std::vector<float> x{-4, -8, -12, -16}, y(9);
  KernelArgs a;
  a.x[0] = x.data();
  a.y = y.data();
  const PoolAttributes window{.kernel = 2, .stride = 1, .pad = 1};
  const MaxPool max(window);
  choose_kernel(spec(max, {{1, 2, 2, 1}}, false), "ref").kernel->forward(a);
  EXPECT_EQ(y, (std::vector<float>{-4, -4, -8, -4, -4, -8, -12, -12, -16}));
  const AvgPool avg(window);
  choose_kernel(spec(avg, {{1, 2, 2, 1}}, false), "ref").kernel->forward(a);
  EXPECT_EQ(y, (std::vector<float>{-1, -3, -2, -4, -10, -6, -3, -7, -4}));
}

class Loss : public testing::TestWithParam<const char*> {};

TEST_P(Loss, OfEqualLargeLogitsIsLogOfTheClasses) {
  const SoftmaxCrossEntropy loss(0.1f);
  std::vector<float> x(2 * 5, 100.0f), dx(10);
  const std::vector<int32_t> labels{0, 4};
  float y = 0;
  const auto kernel = choose_kernel(spec(loss, {{2, 1, 1, 5}}, true), GetParam()).kernel;
  std::vector<float> saved(kernel->needs().saved_bytes), workspace(kernel->needs().workspace_bytes);
  KernelArgs a;
  a.x[0] = x.data();
  a.y = &y;
  a.labels = labels.data();
  a.saved = saved.data();
  a.workspace = workspace.data();
  a.dx[0] = dx.data();
  kernel->forward(a);
  EXPECT_NEAR(y, std::log(5.0), 1e-5);
  kernel->backward(a);
  EXPECT_NEAR(dx[0], (0.2 - 0.92) / 2, 1e-6);
  EXPECT_NEAR(dx[1], (0.2 - 0.02) / 2, 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Backends, Loss, testing::Values("ref", "cpu"));

}  // namespace
}  // namespace resnet
