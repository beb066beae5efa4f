#include "explain/frozen.h"

#include <cmath>
#include <cstring>

#include "core/check.h"
#include "engine/passes/pass.h"
#include "ops/batch_norm.h"
#include "ops/conv.h"
#include "ops/dropout.h"
#include "ops/linear.h"

namespace resnet {

namespace {

// Weight and bias of a convolution and the batch norm behind it as one convolution's.
void fold(const Node& conv, const Node& bn, const std::string& bias_key, const StateDict& from, StateDict& to) {
  const float eps = static_cast<const BatchNorm&>(*bn.op).a.eps;
  Tensor w = from.at(conv.params[0]).clone();
  const int64_t channels = w.shape()[0], each = w.elements() / channels;
  Tensor bias({channels});
  const auto value = [&](size_t param, int64_t c) { return from.at(bn.params[param]).f32()[c]; };
  for (int64_t c = 0; c < channels; ++c) {
    const float scale = value(0, c) / std::sqrt(value(3, c) + eps);
    const float before = conv.params.size() > 1 ? from.at(conv.params[1]).f32()[c] : 0;
    for (int64_t i = 0; i < each; ++i) w.f32()[c * each + i] *= scale;
    bias.f32()[c] = value(1, c) + (before - value(2, c)) * scale;
  }
  to[conv.params[0]] = std::move(w);
  to[bias_key] = std::move(bias);
}

}  // namespace

FrozenNetwork freeze(const Graph& graph, const StateDict& weights) {
  FrozenNetwork frozen;
  for (const auto& [key, t] : weights) frozen.weights[key] = t;
  std::vector<Fusion> fusions;
  for (NodeId id = 1; id <= graph.output(); ++id) {
    const Node& node = graph.node(id);
    if (node.op->kind() == "dropout") {
      Dropout::Attributes a = static_cast<const Dropout&>(*node.op).a;
      a.p = 0;
      fusions.push_back({{id}, {node.name, std::make_shared<Dropout>(a), node.inputs, node.params}});
    }
    if (node.op->kind() != "batch_norm") continue;
    const NodeId before = node.inputs[0];
    CHECK(before > 0 && graph.node(before).op->kind() == "conv" && only_reader(graph, before) == id, "batch norm '",
          node.name, "' does not follow a convolution of its own: its gradient at inference cannot be taken");
    const Node& conv = graph.node(before);
    Conv::Attributes a = static_cast<const Conv&>(*conv.op).a;
    a.bias = true;
    const std::string bias_key = conv.name + ".bias";
    fold(conv, node, bias_key, weights, frozen.weights);
    fusions.push_back({{before, id}, {conv.name, std::make_shared<Conv>(a), conv.inputs, {conv.params[0], bias_key}}});
  }
  frozen.graph = replace_chains(graph, fusions);
  return frozen;
}

FrozenNetwork single_output(const FrozenNetwork& network, int64_t index, float offset) {
  const NodeId last = network.graph.output();
  const Node& node = network.graph.node(last);
  CHECK(node.op->kind() == "linear" && node.params.size() == 2, "'", node.name, "', the last node, is ",
        node.op->kind(), ": a network ends with a linear layer");
  Linear::Attributes a = static_cast<const Linear&>(*node.op).a;
  a.out = 2;
  FrozenNetwork single{
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
