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

Graph head_of(const Graph& graph, NodeId id) {
  Graph head;
  const Shape& in = graph.input_shape();
  head.input(in[1], in[2], in[3]);
  for (NodeId n = 1; n <= id; ++n) head.add(graph.node(n));
  return head;
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
