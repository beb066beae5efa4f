#include "engine/passes/pass.h"
#include "ops/batch_norm.h"
#include "ops/conv.h"

namespace resnet {

Graph fold_batch_norm(const Graph& graph, const ConvWanted& wanted) {
  std::vector<Fusion> fusions;
  for (NodeId id = 1; id < static_cast<NodeId>(graph.nodes().size()); ++id) {
    const Node& conv = graph.node(id);
    const NodeId reader = only_reader(graph, id);
    if (conv.op->kind() != "conv" || reader < 0 || graph.node(reader).op->kind() != "batch_norm") continue;
    const Node& bn = graph.node(reader);
    const BatchNorm::Attributes& norm = static_cast<const BatchNorm&>(*bn.op).a;
    if (wanted && !conv.frozen && norm.group > 0) continue;  // in training, no step with a convolution has groups
    Conv::Attributes a = static_cast<const Conv&>(*conv.op).a;
    if (a.folded_bn || a.add || a.relu) continue;
    a.folded_bn = true;
    a.bn_eps = norm.eps;
    a.bn_momentum = norm.momentum;
    const auto op = std::make_shared<Conv>(a);
    if (wanted && !wanted(*op, id)) continue;
    Node folded{conv.name, op, conv.inputs, conv.params};
    folded.params.insert(folded.params.end(), bn.params.begin(), bn.params.end());
    fusions.push_back({{id, reader}, std::move(folded)});
  }
  return replace_chains(graph, fusions);
}

}  // namespace resnet
