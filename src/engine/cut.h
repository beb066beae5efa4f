// Graphs made of other graphs: taken apart where a single value passes from what is before to what is after, or for pictures
// of another size.
#pragma once

#include <vector>

#include "resnet/graph.h"

namespace resnet {

/// The nodes whose output is all that later nodes read of them and of what is before, in order; without the input and the
/// output.
std::vector<NodeId> cut_points(const Graph& graph);

/// Nodes [1, id] and (id, end): the second graph's input is the first one's output.
Graph head_of(const Graph& graph, NodeId id);
Graph tail_of(const Graph& graph, NodeId id);

/// The same nodes for pictures of another size. Throws Error where one of them cannot be that small.
Graph with_input(const Graph& graph, int64_t height, int64_t width);

}  // namespace resnet
