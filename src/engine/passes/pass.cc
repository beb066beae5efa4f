#include "engine/passes/pass.h"

#include <map>
#include <set>

namespace resnet {

NodeId only_reader(const Graph& graph, NodeId id) {
  NodeId reader = -1;
  int reads = 0;
  for (size_t i = static_cast<size_t>(id) + 1; i < graph.nodes().size(); ++i)
    for (NodeId input : graph.nodes()[i].inputs)
      if (input == id) {
        reader = static_cast<NodeId>(i);
        ++reads;
      }
  return reads == 1 ? reader : -1;
}

Tail add_relu_tail(const Graph& graph, NodeId head) {
  Tail tail{{head}, -1, false};
  NodeId next = only_reader(graph, head);
  if (next >= 0 && graph.node(next).op->kind() == "add") {
    const std::vector<NodeId>& in = graph.node(next).inputs;
    tail.other = in[0] == head ? in[1] : in[0];
    tail.chain.push_back(next);
    next = only_reader(graph, next);
  }
  if (next >= 0 && graph.node(next).op->kind() == "relu") {
    tail.relu = true;
    tail.chain.push_back(next);
  }
  return tail;
}

Graph replace_chains(const Graph& graph, const std::vector<Fusion>& fusions) {
  std::map<NodeId, const Fusion*> at_end;
  std::set<NodeId> removed;
  for (const Fusion& f : fusions) {
    removed.insert(f.chain.begin(), f.chain.end());
    at_end[f.chain.back()] = &f;
  }
  Graph result;
  const Shape& in = graph.input_shape();
  std::vector<NodeId> moved(graph.nodes().size(), -1);
  moved[0] = result.input(in[1], in[2], in[3]);
  for (NodeId id = 1; id < static_cast<NodeId>(graph.nodes().size()); ++id) {
    const auto fusion = at_end.find(id);
    if (fusion == at_end.end() && removed.count(id)) continue;
    Node node = fusion != at_end.end() ? fusion->second->replacement : graph.node(id);
    node.frozen = graph.node(id).frozen;
    for (NodeId& input : node.inputs) input = moved[static_cast<size_t>(input)];
    moved[static_cast<size_t>(id)] = result.add(std::move(node));
  }
  return result;
}

}  // namespace resnet
