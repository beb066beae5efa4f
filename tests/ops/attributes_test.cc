// What every op says about itself: shapes, parameters, costs, descriptions, and what it refuses.
#include <gtest/gtest.h>

#include <cmath>

#include "ops/add.h"
#include "ops/batch_norm.h"
#include "ops/conv.h"
#include "ops/linear.h"
#include "ops/pad_channels.h"
#include "ops/pool.h"
#include "ops/relu.h"
#include "ops/softmax_cross_entropy.h"
#include "resnet/error.h"

namespace resnet {
namespace {

Conv conv(int64_t out, int64_t kernel, int64_t stride, int64_t pad, int64_t groups = 1) {
  return Conv({.out = out, .kernel = kernel, .stride = stride, .pad = pad, .groups = groups});
}

TEST(ConvOp, Shapes) {
  EXPECT_EQ(conv(64, 7, 2, 3).infer({{2, 224, 224, 3}}), Shape({2, 112, 112, 64}));
  EXPECT_EQ(conv(16, 1, 3, 0).infer({{1, 10, 8, 4}}), Shape({1, 4, 3, 16}));
  EXPECT_EQ(conv(5, 3, 2, 1).infer({{1, 1, 1, 2}}), Shape({1, 1, 1, 5}));
}

TEST(ConvOp, ParametersAndCost) {
  const Conv c = conv(32, 3, 1, 1, 4);
  EXPECT_EQ(c.params({{1, 8, 8, 16}})[0].shape, Shape({32, 4, 3, 3}));
  EXPECT_EQ(c.multiply_adds({{2, 8, 8, 16}}), 2 * 8 * 8 * 32 * 4 * 9);
  const Conv folded({.out = 8, .bias = true, .folded_bn = true});
  EXPECT_EQ(folded.params({{1, 8, 8, 16}}).size(), 6u);
}

TEST(ConvOp, Describes) {
  EXPECT_EQ(conv(64, 3, 2, 1).describe(), "64 3x3/2 pad 1");
  EXPECT_EQ(Conv({.out = 8, .folded_bn = true, .add = true, .relu = true}).describe(), "8 1x1 +bn +add +relu");
}

TEST(ConvOp, Refuses) {
  EXPECT_THROW(conv(8, 3, 1, 0).infer({{1, 2, 9, 3}}), Error) << "smaller than the kernel";
  EXPECT_THROW(conv(8, 3, 1, 1, 2).infer({{1, 4, 4, 3}}), Error) << "groups do not divide the input channels";
  EXPECT_THROW(conv(9, 3, 1, 1, 2).infer({{1, 4, 4, 4}}), Error) << "groups do not divide the output channels";
  EXPECT_THROW(conv(0, 3, 1, 1).infer({{1, 4, 4, 4}}), Error);
  EXPECT_THROW(conv(8, 3, 0, 1).infer({{1, 4, 4, 4}}), Error);
  EXPECT_THROW(conv(8, 3, 1, -1).infer({{1, 4, 4, 4}}), Error);
  EXPECT_THROW(conv(8, 3, 1, 1).infer({{4, 4}}), Error);
  EXPECT_THROW(conv(8, 3, 1, 1).infer({}), Error);
  EXPECT_THROW(Conv({.out = 8, .add = true}).infer({{1, 4, 4, 4}, {1, 4, 4, 4}}), Error) << "addend of another shape";
}

TEST(ConvOp, FoldsBatchNormIntoWeights) {
  const Conv c({.out = 2, .bias = true, .folded_bn = true, .bn_eps = 0.5f});
  std::vector<float> weight{1, 2, 3, 4}, bias{1, -1}, gamma{2, 1}, beta{10, 20}, mean{3, 0}, var{3.5f, 0.5f};
  std::vector<float> folded(4), shift(2);
  folded_weights(c, {1, 1, 1, 2}, {weight.data(), bias.data(), gamma.data(), beta.data(), mean.data(), var.data()},
                 folded.data(), shift.data());
  EXPECT_EQ(folded, (std::vector<float>{1, 2, 3, 4}));  // 2/sqrt(4) and 1/sqrt(1)
  EXPECT_EQ(shift, (std::vector<float>{10 + (1 - 3) * 1.0f, 20 + -1.0f}));
}

TEST(BatchNormOp, ShapesParametersAndRefusals) {
  const BatchNorm plain({}), fused({.group = 64, .add = true, .relu = true});
  EXPECT_EQ(plain.infer({{2, 3, 4, 5}}), Shape({2, 3, 4, 5}));
  EXPECT_EQ(fused.describe(), "groups of 64 +add +relu");
  int trainable = 0;
  for (const ParamSpec& p : plain.params({{2, 3, 4, 5}})) {
    EXPECT_EQ(p.shape, Shape({5}));
    trainable += p.trainable();
  }
  EXPECT_EQ(trainable, 2);
  EXPECT_THROW(plain.infer({{2, 3, 4, 5}, {2, 3, 4, 5}}), Error);
  EXPECT_THROW(fused.infer({{2, 3, 4, 5}}), Error);
  EXPECT_THROW(fused.infer({{2, 3, 4, 5}, {2, 3, 4, 6}}), Error);
  EXPECT_THROW(plain.infer({{2, 5}}), Error);
}

TEST(PoolOps, ShapesAndRefusals) {
  EXPECT_EQ(MaxPool({.kernel = 3, .stride = 2, .pad = 1}).infer({{1, 112, 111, 64}}), Shape({1, 56, 56, 64}));
  EXPECT_EQ(AvgPool({}).infer({{3, 7, 5, 64}}), Shape({3, 1, 1, 64}));
  EXPECT_EQ(AvgPool({}).describe(), "global");
  EXPECT_THROW(MaxPool({.kernel = 3, .pad = 2}).infer({{1, 8, 8, 1}}), Error) << "a window of padding alone";
  EXPECT_THROW(MaxPool({.kernel = 3}).infer({{1, 2, 8, 1}}), Error);
  EXPECT_THROW(AvgPool({.kernel = 2, .stride = 0}).infer({{1, 8, 8, 1}}), Error);
}

TEST(PadChannelsOp, ShapesAndRefusals) {
  EXPECT_EQ(PadChannels({.out = 32, .stride = 2}).infer({{1, 7, 8, 16}}), Shape({1, 4, 4, 32}));
  EXPECT_THROW(PadChannels({.out = 8}).infer({{1, 7, 8, 16}}), Error) << "drops channels";
  EXPECT_THROW(PadChannels({.out = 32, .before = 17}).infer({{1, 7, 8, 16}}), Error);
  EXPECT_THROW(PadChannels({.out = 32, .stride = 0}).infer({{1, 7, 8, 16}}), Error);
}

TEST(LinearOp, FlattensPicturesAndKeepsLogitsInF32) {
  const Linear fc({.out = 10}), inner({.out = 10, .f32_output = false});
  EXPECT_EQ(fc.infer({{4, 2, 3, 5}}), Shape({4, 1, 1, 10}));
  EXPECT_EQ(fc.params({{4, 2, 3, 5}})[0].shape, Shape({10, 30}));
  EXPECT_EQ(fc.multiply_adds({{4, 2, 3, 5}}), 4 * 30 * 10);
  EXPECT_EQ(fc.output_dtype(DType::bf16), DType::f32);
  EXPECT_EQ(inner.output_dtype(DType::bf16), DType::bf16);
  EXPECT_THROW(Linear({.out = 0}).infer({{4, 1, 1, 5}}), Error);
}

TEST(ElementwiseOps, Refuse) {
  EXPECT_THROW(Add().infer({{1, 2, 3, 4}}), Error);
  EXPECT_THROW(Add().infer({{1, 2, 3, 4}, {1, 2, 3, 5}}), Error);
  EXPECT_THROW(Relu().infer({}), Error);
}

TEST(LossOp, IsOneNumber) {
  EXPECT_EQ(SoftmaxCrossEntropy().infer({{4, 1, 1, 10}}), Shape({1, 1, 1, 1}));
  EXPECT_EQ(SoftmaxCrossEntropy(0.1f).describe(), "smoothing 0.1");
  EXPECT_THROW(SoftmaxCrossEntropy().infer({{4, 2, 2, 10}}), Error);
}

}  // namespace
}  // namespace resnet
