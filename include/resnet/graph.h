// A network as data: named nodes in topological order. A node's name is the torchvision state-dict prefix of its
// parameters ("layer1.0.conv1"), so a checkpoint is a map from names to tensors and nothing translates.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "resnet/tensor.h"

namespace resnet {

using NodeId = int;

enum class ParamKind { weight, bias, bn_weight, bn_bias, running_mean, running_var, scale };

/// One parameter or buffer of an op.
struct ParamSpec {
  std::string suffix;  ///< "weight"; the key is node name + "." + suffix
  Shape shape;         ///< as stored in files
  ParamKind kind = ParamKind::weight;
  DType dtype = DType::f32;  ///< i8: quantised weights
  bool frozen = false;       ///< of a frozen node
  bool trainable() const { return kind <= ParamKind::bn_bias && !frozen; }
};

/// Work of one call of an op on given shapes. Multiply-adds count as the paper counts FLOPs.
struct Cost {
  int64_t multiply_adds = 0;
  int64_t parameters = 0;  ///< trainable ones
};

/// What a node computes: attributes, shapes and cost; immutable. How it is computed is a Kernel's matter (src/ops/kernel.h).
class Op {
 public:
  virtual ~Op() = default;
  virtual std::string_view kind() const = 0;  ///< "conv"; names the files under src/ops/ too
  virtual std::string describe() const = 0;   ///< the attributes for people: "64 3x3/2 pad 1"
  /// The output's shape. Throws Error when the inputs do not fit, naming the offending extent.
  virtual Shape infer(const std::vector<Shape>& x) const = 0;
  virtual DType output_dtype(DType activations) const { return activations; }
  virtual std::vector<ParamSpec> params(const std::vector<Shape>& /*x*/) const { return {}; }
  virtual int64_t multiply_adds(const std::vector<Shape>& /*x*/) const { return 0; }
};

struct Node {
  std::string name;
  std::shared_ptr<const Op> op;     ///< null for the input node
  std::vector<NodeId> inputs;       ///< nodes earlier in the graph
  std::vector<std::string> params;  ///< full keys, in the order of op->params()
  bool frozen = false;              ///< training computes it as inference does; so are all nodes that it reads
};

class Graph {
 public:
  /// The graph's input: pictures of [N, height, width, channels].
  NodeId input(int64_t height, int64_t width, int64_t channels);
  /// Adds op(inputs) and returns its id. Throws Error on a repeated name or shapes that do not fit.
  NodeId add(std::string name, std::shared_ptr<const Op> op, std::vector<NodeId> inputs);
  /// The same, for passes: the keys of the parameters are given instead of made from the name.
  NodeId add(Node node);

  const std::vector<Node>& nodes() const { return nodes_; }
  const Node& node(NodeId id) const { return nodes_[static_cast<size_t>(id)]; }
  NodeId output() const { return static_cast<NodeId>(nodes_.size()) - 1; }  ///< the last node
  /// [1, height, width, channels]
  const Shape& input_shape() const { return input_shape_; }
  /// Output shapes of all nodes for a batch of n pictures.
  std::vector<Shape> shapes(int64_t n) const;
  /// How often each node's output is read.
  std::vector<int> uses() const;
  Cost cost() const;  ///< of one picture
  /// The parameters of all nodes, in graph order, with their full keys in `suffix`.
  std::vector<ParamSpec> params() const;

 private:
  Shape input_shape_;
  std::vector<Node> nodes_;
  std::vector<Shape> shapes_;  // for one picture
};

/// The stages that can be frozen, in order: "stem", "layer1" … of residual networks, "features" of others.
std::vector<std::string> stages(const Graph& graph);
/// The graph with all nodes up to the end of a stage frozen: they keep their weights and batch norm's running statistics,
/// which then normalise. Throws Error for an unknown stage, naming those there are.
Graph freeze(const Graph& graph, const std::string& stage);

/// The shapes of a node's inputs.
std::vector<Shape> input_shapes(const Node& node, const std::vector<Shape>& all);

}  // namespace resnet
