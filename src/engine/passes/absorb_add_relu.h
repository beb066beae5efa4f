// What the two passes that take an addition and a ReLU into the op before them share.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "engine/passes/pass.h"

namespace resnet {

/// Every O (of `kind`, with attributes `add` and `relu`) that `wanted` picks takes in the [add] [relu] that follow it. Of two
/// that meet in one addition, the first takes it: in a block, that is the branch's.
template <class O>
Graph absorb_add_relu(const Graph& graph, std::string_view kind, const std::function<bool(const O&)>& wanted) {
  std::vector<Fusion> fusions;
  std::set<NodeId> taken;  // additions and ReLUs that are absorbed already
  for (NodeId id = 1; id < static_cast<NodeId>(graph.nodes().size()); ++id) {
    const Node& head = graph.node(id);
    if (head.op->kind() != kind || !wanted(static_cast<const O&>(*head.op))) continue;
    const Tail tail = add_relu_tail(graph, id);
    if (tail.chain.size() == 1 || taken.count(tail.chain[1]) || tail.other == head.inputs[0]) continue;
    taken.insert(tail.chain.begin() + 1, tail.chain.end());
    typename O::Attributes a = static_cast<const O&>(*head.op).a;
    a.add = tail.other >= 0;
    a.relu = tail.relu;
    Node fused{head.name, std::make_shared<O>(a), head.inputs, head.params};
    if (a.add) fused.inputs.push_back(tail.other);
    fusions.push_back({tail.chain, std::move(fused)});
  }
  return replace_chains(graph, fusions);
}

}  // namespace resnet
