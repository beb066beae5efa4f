// From a checkpoint to the network it holds the weights of.
#pragma once

#include "resnet/checkpoint.h"
#include "resnet/models.h"

namespace resnet {

/// The keys and shapes that a graph's parameters have.
std::vector<std::pair<std::string, Shape>> wanted_params(const Graph& graph);

/// The network, with as many classes and of the picture size that the checkpoint says. Throws Error when the model is
/// unknown or its tensors are not those of the checkpoint.
Graph graph_of(const Checkpoint& checkpoint);

}  // namespace resnet
