// Fusion passes: plain functions from Graph to Graph. Each stands in a file of its own and has a test that shows the graph
// before and after.
#pragma once

#include <functional>
#include <vector>

#include "ops/conv.h"
#include "resnet/graph.h"

namespace resnet {

/// conv → batch_norm becomes one conv with the batch norm's parameters, where `wanted` says so of the new convolution of
/// that node (by default everywhere: inference).
using ConvWanted = std::function<bool(const Conv& folded, NodeId conv)>;
Graph fold_batch_norm(const Graph& graph, const ConvWanted& wanted = {});
/// conv [→ add] [→ relu] becomes one conv (after fold_batch_norm): every one, or only those that hold a batch norm.
Graph fuse_conv_add_relu(const Graph& graph, bool only_with_batch_norm = false);
/// batch_norm [→ add] [→ relu] becomes one batch_norm (training, where it was not folded).
Graph fuse_batch_norm_add_relu(const Graph& graph);

/// The graph of an int8 network from a fused one (after fuse_conv_add_relu): the picture is quantised, convolutions, the
/// average and linear layers become their int8 forms, whose scales are parameters. Throws Error for an op without one.
Graph quantize(const Graph& graph);

/// Nodes in a row, each the only reader of the one before, and what stands in their place.
struct Fusion {
  std::vector<NodeId> chain;
  Node replacement;  ///< inputs are ids of the old graph
};

/// The graph with each chain replaced by one node at the place of its last. Chains do not overlap.
Graph replace_chains(const Graph& graph, const std::vector<Fusion>& fusions);

/// The node that is the only reader of `id`, or -1 when there are none or several.
NodeId only_reader(const Graph& graph, NodeId id);

/// What follows `head` and can be taken into it: an addition (other: its other input), a ReLU, or both.
struct Tail {
  std::vector<NodeId> chain;  ///< head first
  NodeId other = -1;
  bool relu = false;
};
Tail add_relu_tail(const Graph& graph, NodeId head);

}  // namespace resnet
