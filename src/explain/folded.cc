#include "explain/folded.h"

#include <cstring>

#include "core/check.h"
#include "engine/passes/pass.h"
#include "ops/conv.h"
#include "ops/dropout.h"
#include "ops/linear.h"

namespace resnet {

namespace {

// A convolution that holds a batch norm, as one with a bias; its weights go to `to`.
Node unfolded(const Node& node, const Shape& x, const StateDict& from, StateDict& to) {
  const Conv& conv = static_cast<const Conv&>(*node.op);
  Conv::Attributes a = conv.a;
  a.folded_bn = false;
  a.bias = true;
  std::vector<float*> w;
  for (const std::string& key : node.params) w.push_back(static_cast<float*>(Tensor(from.at(key)).raw()));
  Tensor weight(from.at(node.params[0]).shape()), bias({a.out});
  folded_weights(conv, x, w, weight.f32(), bias.f32());
  const std::vector<std::string> keys = {node.params[0], node.name + ".bias"};
  to[keys[0]] = std::move(weight);
  to[keys[1]] = std::move(bias);
  return {node.name, std::make_shared<Conv>(a), node.inputs, keys};
}

}  // namespace

FoldedNetwork fold_network(const Graph& graph, const StateDict& weights) {
  const Graph fused = fold_batch_norm(graph);
  const std::vector<Shape> shapes = fused.shapes(1);
  FoldedNetwork folded{{}, weights};
  std::vector<Fusion> changes;
  for (NodeId id = 1; id <= fused.output(); ++id) {
    const Node& node = fused.node(id);
    CHECK(node.op->kind() != "batch_norm", "batch norm '", node.name,
          "' does not follow a convolution of its own: its gradient at inference cannot be taken");
    if (node.op->kind() == "conv" && static_cast<const Conv&>(*node.op).a.folded_bn)
      changes.push_back({{id}, unfolded(node, shapes[static_cast<size_t>(node.inputs[0])], weights, folded.weights)});
    if (node.op->kind() != "dropout") continue;
    Dropout::Attributes a = static_cast<const Dropout&>(*node.op).a;
    a.p = 0;
    changes.push_back({{id}, {node.name, std::make_shared<Dropout>(a), node.inputs, {}}});
  }
  folded.graph = replace_chains(fused, changes);
  return folded;
}

FoldedNetwork single_output(const FoldedNetwork& network, int64_t index, float offset) {
  const NodeId last = network.graph.output();
  const Node& node = network.graph.node(last);
  CHECK(node.op->kind() == "linear" && node.params.size() == 2, "'", node.name, "', the last node, is ",
        node.op->kind(), ": a network ends with a linear layer");
  Linear::Attributes a = static_cast<const Linear&>(*node.op).a;
  a.out = 2;
  FoldedNetwork single{
      replace_chains(network.graph, {{{last}, {node.name, std::make_shared<Linear>(a), node.inputs, node.params}}}),
      network.weights};
  const Tensor &w = network.weights.at(node.params[0]), &b = network.weights.at(node.params[1]);
  const int64_t inputs = w.shape()[1];
  Tensor row({2, inputs}), bias({2});
  std::memcpy(row.f32(), w.f32() + index * inputs, static_cast<size_t>(inputs) * sizeof(float));
  bias.f32()[0] = b.f32()[index] - offset;
  single.weights[node.params[0]] = std::move(row);
  single.weights[node.params[1]] = std::move(bias);
  return single;
}

}  // namespace resnet
