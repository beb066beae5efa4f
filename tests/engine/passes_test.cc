#include <gtest/gtest.h>

#include "core/check.h"
#include "engine/passes/pass.h"
#include "models/blocks.h"
#include "resnet/models.h"

namespace resnet {
namespace {

// One line a node: "name: op attributes (inputs)".
std::string text(const Graph& g) {
  std::string all;
  for (size_t i = 1; i < g.nodes().size(); ++i) {
    const Node& n = g.nodes()[i];
    all += join(n.name, ": ", n.op->kind(), n.op->describe().empty() ? "" : " ", n.op->describe(), " (");
    for (NodeId id : n.inputs) all += join(id == n.inputs[0] ? "" : ", ", g.node(id).name);
    all += ")\n";
  }
  return all;
}

// A basic block whose shortcut is a projection: the hardest case, since two batch norms meet in one addition.
Graph block() {
  Graph g;
  BlockStyle style;
  style.shortcut = Shortcut::b;
  basic_block(g, "b", g.input(8, 8, 16), 32, 2, style);
  return g;
}

constexpr const char* kBefore =
    "b.conv1: conv 32 3x3/2 pad 1 (input)\n"
    "b.bn1: batch_norm (b.conv1)\n"
    "b.relu1: relu (b.bn1)\n"
    "b.conv2: conv 32 3x3 pad 1 (b.relu1)\n"
    "b.bn2: batch_norm (b.conv2)\n"
    "b.downsample.0: conv 32 1x1/2 (input)\n"
    "b.downsample.1: batch_norm (b.downsample.0)\n"
    "b.add: add (b.bn2, b.downsample.1)\n"
    "b.relu: relu (b.add)\n";

TEST(Passes, FuseBatchNormAddRelu) {
  EXPECT_EQ(text(block()), kBefore);
  EXPECT_EQ(text(fuse_batch_norm_add_relu(block())),
            "b.conv1: conv 32 3x3/2 pad 1 (input)\n"
            "b.bn1: batch_norm +relu (b.conv1)\n"
            "b.conv2: conv 32 3x3 pad 1 (b.bn1)\n"
            "b.downsample.0: conv 32 1x1/2 (input)\n"
            "b.downsample.1: batch_norm (b.downsample.0)\n"
            "b.bn2: batch_norm +add +relu (b.conv2, b.downsample.1)\n");
}

TEST(Passes, FoldBatchNorm) {
  const Graph folded = fold_batch_norm(block());
  EXPECT_EQ(text(folded),
            "b.conv1: conv 32 3x3/2 pad 1 +bn (input)\n"
            "b.relu1: relu (b.conv1)\n"
            "b.conv2: conv 32 3x3 pad 1 +bn (b.relu1)\n"
            "b.downsample.0: conv 32 1x1/2 +bn (input)\n"
            "b.add: add (b.conv2, b.downsample.0)\n"
            "b.relu: relu (b.add)\n");
  EXPECT_EQ(folded.node(1).params, (std::vector<std::string>{"b.conv1.weight", "b.bn1.weight", "b.bn1.bias",
                                                             "b.bn1.running_mean", "b.bn1.running_var"}));
}

TEST(Passes, FuseConvAddRelu) {
  EXPECT_EQ(text(fuse_conv_add_relu(fold_batch_norm(block()))),
            "b.conv1: conv 32 3x3/2 pad 1 +bn +relu (input)\n"
            "b.downsample.0: conv 32 1x1/2 +bn (input)\n"
            "b.conv2: conv 32 3x3 pad 1 +bn +add +relu (b.conv1, b.downsample.0)\n");
}

TEST(Passes, Quantize) {
  const Graph q = quantize(fuse_conv_add_relu(fold_batch_norm(block())));
  EXPECT_EQ(text(q),
            "quantize: quantize (input)\n"
            "b.conv1: conv_int8 32 3x3/2 pad 1 +relu (quantize)\n"
            "b.downsample.0: conv_int8 32 1x1/2 (quantize)\n"
            "b.conv2: conv_int8 32 3x3 pad 1 +add +relu (b.conv1, b.downsample.0)\n");
  EXPECT_EQ(q.node(4).params,
            (std::vector<std::string>{"b.conv2.weight", "b.conv2.weight_scale", "b.conv2.bias", "b.conv1.y_scale",
                                      "b.downsample.0.y_scale", "b.conv2.y_scale"}));
}

TEST(Passes, KeepParametersAndCost) {
  const Graph before = make_model("resnet50");
  for (const Graph& after : {fuse_batch_norm_add_relu(before), fuse_conv_add_relu(fold_batch_norm(before))}) {
    EXPECT_EQ(after.cost().parameters, before.cost().parameters);
    EXPECT_EQ(after.cost().multiply_adds, before.cost().multiply_adds);
    EXPECT_LT(after.nodes().size(), before.nodes().size());
  }
}

TEST(Passes, AValueReadTwiceIsNotFusedAway) {
  // The batch norm's output is read by the ReLU and by the addition: neither may swallow it.
  Graph g;
  const NodeId bn = conv_bn(g, "conv", "bn", g.input(4, 4, 3), {8, 1, 1}, {});
  const Graph block_graph = make_model("cifar-resnet8");
  const auto relu_op = block_graph.node(3).op;
  ASSERT_EQ(relu_op->kind(), "relu");
  const NodeId relu = g.add("relu", relu_op, {bn});
  for (const Node& n : block_graph.nodes())
    if (n.op && n.op->kind() == "add") {
      g.add("add", n.op, {bn, relu});
      break;
    }
  EXPECT_EQ(text(fuse_batch_norm_add_relu(g)), text(g));
}

}  // namespace
}  // namespace resnet
