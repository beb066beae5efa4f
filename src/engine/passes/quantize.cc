#include "ops/quantize.h"

#include "core/check.h"
#include "engine/passes/pass.h"
#include "ops/avg_pool_int8.h"
#include "ops/conv.h"
#include "ops/linear.h"
#include "ops/pool.h"

namespace resnet {

namespace {

constexpr const char* kNoInt8 = " has no int8 form; this network can be computed in f32 or bf16";

/// A value of the int8 graph: its node, the key of its scale, and the u8 that stands for 0.
struct Value {
  NodeId node = -1;
  std::string scale;
  int64_t zero = 0;
};

class Quantizer {
 public:
  explicit Quantizer(const Graph& graph) : graph_(graph), values_(graph.nodes().size()) {}

  Graph run() {
    const Shape& in = graph_.input_shape();
    const NodeId input = result_.input(in[1], in[2], in[3]);
    values_[0] = {result_.add({"quantize", std::make_shared<Quantize>(), {input}, {"input.y_scale"}}), "input.y_scale",
                  kSignedZero};
    for (NodeId id = 1; id < static_cast<NodeId>(graph_.nodes().size()); ++id)
      values_[static_cast<size_t>(id)] = convert(id);
    return std::move(result_);
  }

 private:
  const Value& x(const Node& node, size_t i) const { return values_[static_cast<size_t>(node.inputs[i])]; }

  Value convert(NodeId id) {
    const Node& node = graph_.node(id);
    const std::string_view kind = node.op->kind();
    if (kind == "conv") return conv(node);
    if (kind == "linear") return linear(id);
    if (kind == "avg_pool") return average(node);
    const bool keeps = kind == "max_pool" || (kind == "pad_channels" && x(node, 0).zero == 0);
    CHECK(keeps, "node '", node.name, "': ", kind, kNoInt8);
    return {result_.add({node.name, node.op, {x(node, 0).node}, {}}), x(node, 0).scale, x(node, 0).zero};
  }

  Value conv(const Node& node) {
    const Conv::Attributes& c = static_cast<const Conv&>(*node.op).a;
    ConvInt8::Attributes a;
    a.out = c.out;
    a.kernel = c.kernel;
    a.stride = c.stride;
    a.pad = c.pad;
    a.groups = c.groups;
    a.add = c.add;
    a.relu = c.relu;
    if (a.add) a.addend_zero = x(node, 1).zero;
    return add(node, a);
  }

  Value linear(NodeId id) {
    const Node& node = graph_.node(id);
    const Shape in = graph_.shapes(1)[static_cast<size_t>(node.inputs[0])];
    CHECK(in[1] == 1 && in[2] == 1, "node '", node.name, "' reads ", in, ": a linear layer on more than one pixel",
          kNoInt8);
    ConvInt8::Attributes a;
    a.out = static_cast<const Linear&>(*node.op).a.out;
    a.f32_output = id == graph_.output();
    return add(node, a);
  }

  Value average(const Node& node) {
    CHECK(static_cast<const AvgPool&>(*node.op).a.kernel == 0, "node '", node.name,
          "': an average of less than the whole picture", kNoInt8);
    const Value& from = x(node, 0);
    const std::string scale = node.name + ".y_scale";
    return {result_.add({node.name, std::make_shared<AvgPoolInt8>(from.zero), {from.node}, {from.scale, scale}}), scale,
            from.zero};
  }

  Value add(const Node& node, ConvInt8::Attributes a) {
    a.x_zero = x(node, 0).zero;
    const auto op = std::make_shared<ConvInt8>(a);
    Node converted{node.name, op, {x(node, 0).node}, {}};
    for (const char* own : {".weight", ".weight_scale", ".bias"}) converted.params.push_back(node.name + own);
    converted.params.push_back(x(node, 0).scale);
    if (a.add) {
      converted.inputs.push_back(x(node, 1).node);
      converted.params.push_back(x(node, 1).scale);
    }
    const std::string scale = node.name + ".y_scale";
    if (!a.f32_output) converted.params.push_back(scale);
    return {result_.add(std::move(converted)), scale, op->y_zero()};
  }

  const Graph& graph_;
  Graph result_;
  std::vector<Value> values_;
};

}  // namespace

Graph quantize(const Graph& graph) { return Quantizer(graph).run(); }

}  // namespace resnet
