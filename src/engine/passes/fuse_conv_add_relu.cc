#include <set>

#include "engine/passes/pass.h"
#include "ops/conv.h"

namespace resnet {

Graph fuse_conv_add_relu(const Graph& graph) {
  std::vector<Fusion> fusions;
  std::set<NodeId> taken;  // additions that a conv has absorbed
  for (NodeId id = 1; id < static_cast<NodeId>(graph.nodes().size()); ++id) {
    const Node& conv = graph.node(id);
    if (conv.op->kind() != "conv") continue;
    const Tail tail = add_relu_tail(graph, id);
    if (tail.chain.size() == 1 || taken.count(tail.chain[1])) continue;
    taken.insert(tail.chain.begin() + 1, tail.chain.end());
    Conv::Attributes a = static_cast<const Conv&>(*conv.op).a;
    a.add = tail.other >= 0;
    a.relu = tail.relu;
    Node fused{conv.name, std::make_shared<Conv>(a), conv.inputs, conv.params};
    if (a.add) fused.inputs.push_back(tail.other);
    fusions.push_back({tail.chain, std::move(fused)});
  }
  return replace_chains(graph, fusions);
}

}  // namespace resnet
