#include "resnet/graph.h"

#include <algorithm>

#include "core/check.h"

namespace resnet {

std::vector<Shape> input_shapes(const Node& node, const std::vector<Shape>& all) {
  std::vector<Shape> x;
  for (NodeId id : node.inputs) x.push_back(all[static_cast<size_t>(id)]);
  return x;
}

NodeId Graph::input(int64_t height, int64_t width, int64_t channels) {
  CHECK(nodes_.empty(), "a graph has one input, and it comes first");
  CHECK(height > 0 && width > 0 && channels > 0, "input of ", height, "x", width, "x", channels,
        ": extents are positive");
  input_shape_ = {1, height, width, channels};
  nodes_.push_back({"input", nullptr, {}, {}});
  shapes_.push_back(input_shape_);
  return 0;
}

NodeId Graph::add(std::string name, std::shared_ptr<const Op> op, std::vector<NodeId> inputs) {
  Node node{std::move(name), std::move(op), std::move(inputs), {}};
  for (const ParamSpec& p : node.op->params(input_shapes(node, shapes_)))
    node.params.push_back(node.name + "." + p.suffix);
  return add(std::move(node));
}

NodeId Graph::add(Node node) {
  for (const Node& other : nodes_) CHECK(other.name != node.name, "two nodes are named '", node.name, "'");
  for (NodeId id : node.inputs)
    CHECK(id >= 0 && id < static_cast<NodeId>(nodes_.size()), "node '", node.name, "' reads node ", id,
          ", which is not before it");
  try {
    shapes_.push_back(node.op->infer(input_shapes(node, shapes_)));
  } catch (const Error& e) {
    throw Error(join("node '", node.name, "': ", e.what()));
  }
  nodes_.push_back(std::move(node));
  return output();
}

std::vector<Shape> Graph::shapes(int64_t n) const {
  std::vector<Shape> all = shapes_;
  for (Shape& s : all) s[0] *= n;
  return all;
}

std::vector<int> Graph::uses() const {
  std::vector<int> uses(nodes_.size(), 0);
  for (const Node& node : nodes_)
    for (NodeId id : node.inputs) ++uses[static_cast<size_t>(id)];
  return uses;
}

std::vector<ParamSpec> Graph::params() const {
  std::vector<ParamSpec> all;
  for (const Node& node : nodes_) {
    if (!node.op) continue;
    std::vector<ParamSpec> specs = node.op->params(input_shapes(node, shapes_));
    for (size_t i = 0; i < specs.size(); ++i) {
      specs[i].suffix = node.params[i];
      specs[i].frozen = node.frozen;
      all.push_back(specs[i]);
    }
  }
  return all;
}

Cost Graph::cost() const {
  Cost cost;
  for (const Node& node : nodes_)
    if (node.op) cost.multiply_adds += node.op->multiply_adds(input_shapes(node, shapes_));
  for (const ParamSpec& p : params())
    if (p.trainable()) cost.parameters += p.shape.elements();
  return cost;
}

}  // namespace resnet
