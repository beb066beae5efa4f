#include "engine/cut.h"

#include <algorithm>

namespace resnet {

std::vector<NodeId> cut_points(const Graph& graph) {
  std::vector<NodeId> cuts;
  const auto end = static_cast<NodeId>(graph.nodes().size());
  std::vector<NodeId> last(graph.nodes().size(), 0);  // reader of every node
  for (NodeId id = 1; id < end; ++id)
    for (const NodeId input : graph.node(id).inputs) last[static_cast<size_t>(input)] = id;
  NodeId reach = last[0];  // the last reader of what is before `id`
  for (NodeId id = 1; id + 1 < end; ++id) {
    if (reach <= id) cuts.push_back(id);
    reach = std::max(reach, last[static_cast<size_t>(id)]);
  }
  return cuts;
}

namespace {

Graph first_nodes(const Graph& graph, NodeId last, int64_t height, int64_t width) {
  Graph head;
  head.input(height, width, graph.input_shape()[3]);
  for (NodeId n = 1; n <= last; ++n) head.add(graph.node(n));
  return head;
}

}  // namespace

Graph head_of(const Graph& graph, NodeId id) {
  return first_nodes(graph, id, graph.input_shape()[1], graph.input_shape()[2]);
}

Graph with_input(const Graph& graph, int64_t height, int64_t width) {
  return first_nodes(graph, graph.output(), height, width);
}

Graph tail_of(const Graph& graph, NodeId id) {
  Graph tail;
  const Shape in = graph.shapes(1)[static_cast<size_t>(id)];
  tail.input(in[1], in[2], in[3]);
  for (NodeId n = id + 1; n < static_cast<NodeId>(graph.nodes().size()); ++n) {
    Node node = graph.node(n);
    for (NodeId& input : node.inputs) input -= id;
    tail.add(std::move(node));
  }
  return tail;
}

}  // namespace resnet
