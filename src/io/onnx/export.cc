#include "io/onnx/export.h"

#include <set>

#include "core/check.h"
#include "io/onnx/wire.h"
#include "io/to_f32.h"
#include "ops/adaptive_avg_pool.h"
#include "ops/batch_norm.h"
#include "ops/conv.h"
#include "ops/lrn.h"
#include "ops/pad_channels.h"
#include "ops/pool.h"

namespace resnet::onnx {

namespace {

constexpr int64_t kIrVersion = 8, kOpset = 17, kFloat = 1, kInt64 = 7;
constexpr uint64_t kLargest = uint64_t{2} << 30;  // of a Protocol Buffers file

Message attribute(std::string_view name, int64_t value) {
  return std::move(Message().text(1, name).number(3, value).number(20, 2));
}
Message attribute(std::string_view name, float value) {
  return std::move(Message().text(1, name).real(2, value).number(20, 1));
}
Message attribute(std::string_view name, const std::vector<int64_t>& values) {
  Message m;
  m.text(1, name);
  for (const int64_t v : values) m.number(8, v);
  return std::move(m.number(20, 7));
}

class Exporter {
 public:
  Exporter(const Graph& graph, const StateDict& weights)
      : graph_(graph),
        weights_(weights),
        shapes_(graph.shapes(1)),
        values_(graph.nodes().size()),
        flat_(values_.size()) {}

  Message run() {
    values_[0] = "input";
    for (NodeId id = 1; id <= graph_.output(); ++id) add(id);
    node("Identity", {values_.back()}, "logits", {});
    const Shape& in = graph_.input_shape();
    graph_message_.text(2, "network");
    for (const Message& m : initializers_) graph_message_.message(5, m);
    graph_message_.message(11, value("input", {in[3], in[1], in[2]}));
    graph_message_.message(12, value("logits", {shapes_.back()[3]}));
    return std::move(graph_message_);
  }

 private:
  const Shape& input_of(NodeId id, size_t i = 0) const {
    return shapes_[static_cast<size_t>(graph_.node(id).inputs[i])];
  }
  const std::string& value_of(NodeId id, size_t i = 0) const {
    return values_[static_cast<size_t>(graph_.node(id).inputs[i])];
  }

  void node(std::string_view type, const std::vector<std::string>& inputs, const std::string& output,
            const std::vector<Message>& attributes) {
    Message m;
    for (const std::string& input : inputs) m.text(1, input);
    m.text(2, output).text(3, output).text(4, type);
    for (const Message& a : attributes) m.message(5, a);
    graph_message_.message(1, m);
  }
  void initializer(const std::string& name, const std::vector<int64_t>& dims, int64_t type, std::string_view raw) {
    if (!known_.insert(name).second) return;
    Message m;
    for (const int64_t d : dims) m.number(1, d);
    m.number(2, type).text(8, name).text(9, raw);
    initializers_.push_back(std::move(m));
  }
  std::string weight(const std::string& key) {
    const Tensor t = to_f32(weights_.at(key));
    std::vector<int64_t> dims;
    for (int i = 0; i < t.shape().rank(); ++i) dims.push_back(t.shape()[i]);
    initializer(key, dims, kFloat, {static_cast<const char*>(t.raw()), t.bytes()});
    return key;
  }
  std::string integers(const std::string& name, const std::vector<int64_t>& v) {
    initializer(name, {static_cast<int64_t>(v.size())}, kInt64,
                {reinterpret_cast<const char*>(v.data()), v.size() * 8});
    return name;
  }
  static Message value(std::string_view name, const std::vector<int64_t>& dims) {
    Message shape, tensor, type;
    shape.message(1, Message().text(2, "N"));
    for (const int64_t d : dims) shape.message(1, Message().number(1, d));
    tensor.number(1, kFloat).message(2, shape);
    type.message(1, tensor);
    return std::move(Message().text(1, name).message(2, type));
  }

  void add(NodeId id) {
    const Node& n = graph_.node(id);
    const std::string kind(n.op->kind());
    const auto slot = static_cast<size_t>(id);
    values_[slot] = n.name;
    flat_[slot] = flat_[static_cast<size_t>(n.inputs[0])];
    if (kind == "conv") return conv(id);
    if (kind == "batch_norm") {
      std::vector<std::string> inputs{value_of(id)};
      for (const std::string& key : n.params) inputs.push_back(weight(key));
      return node("BatchNormalization", inputs, n.name,
                  {attribute("epsilon", static_cast<const BatchNorm&>(*n.op).a.eps)});
    }
    if (kind == "relu") return node("Relu", {value_of(id)}, n.name, {});
    if (kind == "tanh") return node("Tanh", {value_of(id)}, n.name, {});
    if (kind == "sigmoid") return node("Sigmoid", {value_of(id)}, n.name, {});
    if (kind == "add") return node("Add", {value_of(id), value_of(id, 1)}, n.name, {});
    if (kind == "dropout") {
      values_[slot] = value_of(id);
      return;
    }
    if (kind == "max_pool" || kind == "avg_pool" || kind == "adaptive_avg_pool") return pool(id, kind);
    if (kind == "lrn") return lrn(id);
    if (kind == "pad_channels") return pad_channels(id);
    if (kind == "flatten") {
      flat_[slot] = true;
      return node("Flatten", {value_of(id)}, n.name, {});
    }
    CHECK(kind == "linear", "ONNX export: the op '", kind, "' of node '", n.name, "' has no counterpart in ONNX");
    linear(id);
  }

  void conv(NodeId id) {
    const Node& n = graph_.node(id);
    const auto& op = static_cast<const Conv&>(*n.op);
    const Conv::Attributes& a = op.a;
    CHECK(!a.add && !a.relu, "ONNX export: node '", n.name, "' is fused already");
    std::vector<std::string> inputs{value_of(id)};
    if (a.folded_bn) {
      std::vector<Tensor> held;
      std::vector<float*> w;
      for (const std::string& key : n.params) held.push_back(to_f32(weights_.at(key)));
      for (const Tensor& t : held) w.push_back(t.f32());
      Tensor folded(held[0].shape()), bias({a.out});
      folded_weights(op, input_of(id), w, folded.f32(), bias.f32());
      const Shape& s = folded.shape();
      initializer(n.name + ".weight", {s[0], s[1], s[2], s[3]}, kFloat,
                  {static_cast<char*>(folded.raw()), folded.bytes()});
      initializer(n.name + ".bias", {a.out}, kFloat, {static_cast<char*>(bias.raw()), bias.bytes()});
      inputs.insert(inputs.end(), {n.name + ".weight", n.name + ".bias"});
    } else {
      for (const std::string& key : n.params) inputs.push_back(weight(key));
    }
    node("Conv", inputs, n.name,
         {attribute("kernel_shape", std::vector{a.kernel, a.kernel}),
          attribute("strides", std::vector{a.stride, a.stride}),
          attribute("pads", std::vector{a.pad, a.pad, a.pad, a.pad}), attribute("group", a.groups)});
  }

  void window(std::string_view type, NodeId id, const PoolAttributes& a) {
    std::vector<Message> attributes{attribute("kernel_shape", std::vector{a.kernel, a.kernel}),
                                    attribute("strides", std::vector{a.stride, a.stride}),
                                    attribute("pads", std::vector{a.pad, a.pad, a.pad, a.pad})};
    if (type == "AveragePool") attributes.push_back(attribute("count_include_pad", int64_t{1}));
    node(type, {value_of(id)}, graph_.node(id).name, attributes);
  }
  void pool(NodeId id, const std::string& kind) {
    const Node& n = graph_.node(id);
    const bool max = kind == "max_pool";
    if (kind == "adaptive_avg_pool") {
      const Shape& x = input_of(id);
      const int64_t out = static_cast<const AdaptiveAvgPool&>(*n.op).a.out;
      if (out == 1) return node("GlobalAveragePool", {value_of(id)}, n.name, {});
      CHECK(x[1] % out == 0 && x[1] == x[2], "ONNX export: node '", n.name, "' averages ", x[1], "x", x[2],
            " pixels to ", out, "x", out,
            ", which ONNX can only where one is a multiple of the other; "
            "export with another "
            "picture size");
      return window("AveragePool", id, {x[1] / out, x[1] / out, 0});
    }
    const PoolAttributes& a = max ? static_cast<const MaxPool&>(*n.op).a : static_cast<const AvgPool&>(*n.op).a;
    if (a.kernel == 0) return node(max ? "GlobalMaxPool" : "GlobalAveragePool", {value_of(id)}, n.name, {});
    window(max ? "MaxPool" : "AveragePool", id, a);
  }

  void lrn(NodeId id) {
    const Lrn::Attributes& a = static_cast<const Lrn&>(*graph_.node(id).op).a;
    node("LRN", {value_of(id)}, graph_.node(id).name,
         {attribute("size", a.size), attribute("alpha", a.alpha * static_cast<float>(a.size)),
          attribute("beta", a.beta), attribute("bias", a.k)});
  }

  /// Option A: every stride-th pixel, then zero channels.
  void pad_channels(NodeId id) {
    const Node& n = graph_.node(id);
    const PadChannels::Attributes& a = static_cast<const PadChannels&>(*n.op).a;
    std::string x = value_of(id);
    if (a.stride > 1) {
      const std::string s = "slice" + std::to_string(a.stride);
      node("Slice",
           {x, integers(s + ".starts", {0, 0}), integers(s + ".ends", {INT64_MAX, INT64_MAX}),
            integers(s + ".axes", {2, 3}), integers(s + ".steps", {a.stride, a.stride})},
           n.name + ".slice", {});
      x = n.name + ".slice";
    }
    const int64_t after = a.out - a.before - input_of(id)[3];
    node("Pad", {x, integers(n.name + ".pads", {0, a.before, 0, 0, 0, after, 0, 0})}, n.name, {});
  }

  void linear(NodeId id) {
    const Node& n = graph_.node(id);
    const Shape& x = input_of(id);
    std::string input = value_of(id);
    if (!flat_[static_cast<size_t>(n.inputs[0])]) {
      CHECK(x[1] == 1 && x[2] == 1, "ONNX export: node '", n.name, "' reads pictures of ", x[1], "x", x[2],
            " pixels in another order than ONNX has them");
      node("Flatten", {input}, n.name + ".flat", {});
      input = n.name + ".flat";
    }
    flat_[static_cast<size_t>(id)] = true;
    std::vector<std::string> inputs{input};
    for (const std::string& key : n.params) inputs.push_back(weight(key));
    node("Gemm", inputs, n.name, {attribute("transB", int64_t{1})});
  }

  const Graph& graph_;
  const StateDict& weights_;
  std::vector<Shape> shapes_;        // for one picture
  std::vector<std::string> values_;  // the ONNX value of each node
  std::vector<bool> flat_;           // it is [N,C]
  std::set<std::string> known_;      // initializers
  std::vector<Message> initializers_;
  Message graph_message_;
};

}  // namespace

std::string export_network(const Graph& graph, const StateDict& weights,
                           const std::map<std::string, std::string>& metadata) {
  Message model;
  model.number(1, kIrVersion).text(2, "resnet.cpp").message(7, Exporter(graph, weights).run());
  model.message(8, Message().text(1, "").number(2, kOpset));
  for (const auto& [key, text] : metadata) model.message(14, Message().text(1, key).text(2, text));
  CHECK(model.bytes().size() < kLargest, "ONNX export: the network takes ", model.bytes().size(),
        " bytes; a file of one part can have 2 GB");
  return model.bytes();
}

}  // namespace resnet::onnx
