// A network whose gradients can be taken at its inference statistics.
#pragma once

#include "resnet/checkpoint.h"
#include "resnet/graph.h"

namespace resnet {

struct FoldedNetwork {
  Graph graph;  ///< of convolutions with a bias, without batch norm and dropout; nodes keep the convolutions' names
  StateDict weights;
};

/// The same function as inference with `weights` computes, from which a plan can go backward too: batch norm is folded with
/// its running statistics. Throws Error for a batch norm that does not follow a convolution.
FoldedNetwork fold_network(const Graph& graph, const StateDict& weights);

/// The same network with one pair of outputs, (y, 0), where y is output `index` minus `offset`. Its loss for label 0 has at
/// y = 0 the gradient -1/2. Throws Error for a network that does not end with a linear layer.
FoldedNetwork single_output(const FoldedNetwork& network, int64_t index, float offset);

}  // namespace resnet
