// Which of our networks a network of unknown origin is: by what its nodes compute and how they hang together, not by names.
#pragma once

#include <optional>
#include <string>

#include "resnet/graph.h"

namespace resnet {

struct SameNetwork {
  std::string model;
  StateDict weights;  ///< under the model's keys
};

/// The network of ours that computes the same as `graph` with `weights`. Convolutions into which batch norms were folded
/// become convolutions with batch norms that change nothing but the bias. Nothing where there is none. Of several, `first`.
std::optional<SameNetwork> same_network(const Graph& graph, const StateDict& weights, const std::string& first = "");

}  // namespace resnet
