#include <set>

#include "engine/passes/pass.h"
#include "ops/batch_norm.h"

namespace resnet {

Graph fuse_batch_norm_add_relu(const Graph& graph) {
  std::vector<Fusion> fusions;
  std::set<NodeId> taken;  // additions that a batch norm has absorbed: of a block's two, the branch's comes first
  for (NodeId id = 1; id < static_cast<NodeId>(graph.nodes().size()); ++id) {
    const Node& bn = graph.node(id);
    if (bn.op->kind() != "batch_norm") continue;
    const Tail tail = add_relu_tail(graph, id);
    if (tail.chain.size() == 1 || taken.count(tail.chain[1])) continue;
    taken.insert(tail.chain.begin() + 1, tail.chain.end());
    BatchNorm::Attributes a = static_cast<const BatchNorm&>(*bn.op).a;
    a.add = tail.other >= 0;
    a.relu = tail.relu;
    Node fused{bn.name, std::make_shared<BatchNorm>(a), bn.inputs, bn.params};
    if (a.add) fused.inputs.push_back(tail.other);
    fusions.push_back({tail.chain, std::move(fused)});
  }
  return replace_chains(graph, fusions);
}

}  // namespace resnet
