#include "io/onnx/import.h"

#include <algorithm>
#include <set>

#include "core/check.h"
#include "io/to_f32.h"
#include "ops/adaptive_avg_pool.h"
#include "ops/add.h"
#include "ops/batch_norm.h"
#include "ops/conv.h"
#include "ops/flatten.h"
#include "ops/linear.h"
#include "ops/lrn.h"
#include "ops/pad_channels.h"
#include "ops/pool.h"
#include "ops/relu.h"
#include "ops/sigmoid.h"
#include "ops/tanh.h"

namespace resnet::onnx {

namespace {

constexpr std::string_view kSupported[] = {"Conv",        "BatchNormalization",
                                           "Relu",        "Tanh",
                                           "Sigmoid",     "MaxPool",
                                           "AveragePool", "GlobalAveragePool",
                                           "Add",         "Sum",
                                           "Gemm",        "Flatten",
                                           "Reshape",     "LRN",
                                           "Dropout",     "Identity",
                                           "Softmax",     "Constant",
                                           "Slice",       "Pad",
                                           "ReduceMean"};
constexpr size_t kMaxNodes = 20000;
constexpr int64_t kSide = 224;  // where the file does not fix the size

void check_supported(const Model& model, const std::string& file) {
  CHECK(model.nodes.size() <= kMaxNodes, file, ": a network of ", model.nodes.size(), " nodes; at most ", kMaxNodes,
        " are supported");
  std::map<std::string, int> unknown;
  for (const OnnxNode& node : model.nodes)
    if (std::find(std::begin(kSupported), std::end(kSupported), node.type) == std::end(kSupported))
      ++unknown[std::string(node.type.substr(0, 40))];
  std::string list;
  for (const auto& [type, n] : unknown)
    if (list.size() < 300) list += (list.empty() ? "" : ", ") + join(type, " (", n, ")");
  CHECK(unknown.empty(), file, ": the network has nodes that are not supported: ", list);
}

class Importer {
 public:
  Importer(const Model& model, const std::string& file) : model_(model), file_(file) {}

  Network run() {
    const std::vector<int64_t>& s = model_.input_shape;
    CHECK(s.size() == 4 && s[1] == 3, file_, ": the input '", model_.input, "' is no batch of pictures [N,3,H,W]");
    for (const int64_t extent : {s[2], s[3]})
      CHECK(extent >= 0 && extent <= 8192, file_, ": the input's pictures have a side of ", extent);
    values_[model_.input] = network_.graph.input(s[2] ? s[2] : kSide, s[3] ? s[3] : kSide, 3);
    shapes_.push_back(network_.graph.input_shape());
    for (const OnnxNode& node : model_.nodes) add(node);
    CHECK(values_.contains(model_.output), file_, ": no node makes the output '", model_.output, "'");
    CHECK(values_.at(model_.output) == network_.graph.output(), file_,
          ": the output is not what the last node makes; the network has parts "
          "that lead nowhere");
    network_.metadata = model_.metadata;
    return std::move(network_);
  }

 private:
  std::string where(const OnnxNode& n) const {
    return join(file_, ": node '", std::string(n.name.substr(0, 80)), "' (", std::string(n.type), ")");
  }
  NodeId value(const OnnxNode& n, size_t i = 0) const {
    CHECK(i >= n.inputs.size() || n.type == "Pad" || !strides_.contains(n.inputs[i]), where(n),
          " reads a slice of every n-th pixel, which only a Pad of channels may do");
    CHECK(i < n.inputs.size() && values_.contains(n.inputs[i]), where(n), " reads what no node before it has made");
    return values_.at(n.inputs[i]);
  }
  bool has_tensor(const OnnxNode& n, size_t i) const {
    return i < n.inputs.size() && (model_.initializers.contains(n.inputs[i]) || constants_.contains(n.inputs[i]));
  }
  Tensor tensor(const OnnxNode& n, size_t i) const {
    CHECK(has_tensor(n, i), where(n), ": its input ", i, " is not a tensor of the file");
    const auto found = model_.initializers.find(n.inputs[i]);
    return found != model_.initializers.end() ? found->second : constants_.at(n.inputs[i]);
  }
  std::vector<int64_t> numbers(const OnnxNode& n, size_t i) const {
    const Tensor t = tensor(n, i);
    CHECK(t.dtype() == DType::i64 && t.elements() <= 8, where(n), ": its input ", i, " is not a short list of numbers");
    return {t.as<int64_t>().begin(), t.as<int64_t>().end()};
  }

  /// "layer1.0.conv1" of the initializer "layer1.0.conv1.weight"; else the
  /// output's name, made usable.
  std::string name_of(const OnnxNode& n) {
    std::string name = n.outputs.empty() ? "node" : n.outputs[0];
    if (n.inputs.size() > 1 && n.inputs[1].ends_with(".weight")) name = n.inputs[1].substr(0, n.inputs[1].size() - 7);
    std::replace_if(
        name.begin(), name.end(), [](char c) { return c == '/' || c == ':'; }, '.');
    if (name.empty() || name.size() > 200) name = "node";
    std::string unique = name;
    for (int i = 2; !names_.insert(unique).second; ++i) unique = join(name, ".", i);
    return unique;
  }
  void put(const OnnxNode& n, const std::string& name, std::shared_ptr<const Op> op, std::vector<NodeId> inputs) {
    CHECK(!n.outputs.empty(), where(n), " has no output");
    std::vector<Shape> x;
    for (const NodeId id : inputs) x.push_back(shape(id));
    shapes_.push_back(op->infer(x));
    values_[n.outputs[0]] = network_.graph.add(name, std::move(op), std::move(inputs));
  }
  void same(const OnnxNode& n) {
    CHECK(!n.outputs.empty(), where(n), " has no output");
    if (n.type == "Identity" && has_tensor(n, 0)) {
      constants_[n.outputs[0]] = tensor(n, 0);  // an exporter's way to store equal tensors once
      return;
    }
    values_[n.outputs[0]] = value(n);
  }
  const Shape& shape(NodeId id) const { return shapes_[static_cast<size_t>(id)]; }
  void weight(const std::string& key, const Tensor& tensor) { network_.weights[key] = to_f32(tensor); }

  /// The one number of a list of equal ones, of pads or strides.
  int64_t one(const OnnxNode& n, std::string_view key, int64_t otherwise) const {
    const std::vector<int64_t> list = n.integers(key);
    for (const int64_t v : list)
      CHECK(v == list[0] && v >= 0 && v <= 8192, where(n), ": ", std::string(key),
            " differ between the axes or are out of range, which is not "
            "supported");
    return list.empty() ? otherwise : list[0];
  }
  void check_plain(const OnnxNode& n) const {
    CHECK(one(n, "dilations", 1) == 1, where(n), ": dilated windows are not supported");
    const auto pad = n.attributes.find("auto_pad");
    CHECK(pad == n.attributes.end() || pad->second.s == "NOTSET" || pad->second.s == "VALID", where(n),
          ": auto_pad is not supported; export with explicit pads");
    CHECK(n.integer("ceil_mode", 0) == 0, where(n), ": ceil_mode is not supported");
  }

  void add(const OnnxNode& n) {
    if (n.type == "Constant") return constant(n);
    if (n.type == "Conv") return conv(n);
    if (n.type == "BatchNormalization") return batch_norm(n);
    if (n.type == "Relu") return put(n, name_of(n), std::make_shared<Relu>(), {value(n)});
    if (n.type == "Tanh") return put(n, name_of(n), std::make_shared<Tanh>(), {value(n)});
    if (n.type == "Sigmoid") return put(n, name_of(n), std::make_shared<Sigmoid>(), {value(n)});
    if (n.type == "MaxPool" || n.type == "AveragePool") return pool(n);
    if (n.type == "GlobalAveragePool" || n.type == "ReduceMean") return global_pool(n);
    if (n.type == "Add" || n.type == "Sum") {
      CHECK(n.inputs.size() == 2, where(n), " adds ", n.inputs.size(), " values; two are supported");
      return put(n, name_of(n), std::make_shared<Add>(), {value(n), value(n, 1)});
    }
    if (n.type == "Gemm") return gemm(n);
    if (n.type == "Flatten" || n.type == "Reshape") return flatten(n);
    if (n.type == "LRN") return lrn(n);
    if (n.type == "Slice") return slice(n);
    if (n.type == "Pad") return pad(n);
    if (n.type == "Softmax") network_.notes.push_back("the softmax at the end is left out: the outputs are logits");
    same(n);  // Dropout, Identity, Softmax
  }

  void constant(const OnnxNode& n) {
    const auto found = n.attributes.find("value");
    CHECK(found != n.attributes.end() && !n.outputs.empty(), where(n), " has no tensor");
    constants_[n.outputs[0]] = parse_tensor(found->second.tensor, nullptr, file_, nullptr).second;
  }

  void conv(const OnnxNode& n) {
    check_plain(n);
    const Tensor w = tensor(n, 1);
    CHECK(w.shape().rank() == 4 && w.shape()[2] == w.shape()[3], where(n), ": its weights are ", w.shape(),
          ", not those of a square window");
    Conv::Attributes a;
    a.out = w.shape()[0];
    a.kernel = w.shape()[2];
    a.stride = one(n, "strides", 1);
    a.pad = one(n, "pads", 0);
    a.groups = n.integer("group", 1);
    a.bias = has_tensor(n, 2);
    CHECK(a.out > 0 && a.kernel > 0 && a.stride > 0 && a.groups > 0 && a.out % a.groups == 0, where(n),
          ": impossible weights ", w.shape(), ", strides or groups");
    CHECK(shape(value(n))[3] == w.shape()[1] * a.groups, where(n), ": its weights ", w.shape(), " do not fit an input ",
          shape(value(n)));
    const std::string name = name_of(n);
    weight(name + ".weight", w);
    if (a.bias) weight(name + ".bias", checked(n, 2, a.out));
    put(n, name, std::make_shared<Conv>(a), {value(n)});
  }
  Tensor checked(const OnnxNode& n, size_t i, int64_t elements) const {
    const Tensor t = tensor(n, i);
    CHECK(t.elements() == elements, where(n), ": its input ", i, " is ", t.shape(), ", not [", elements, "]");
    return t.reshaped({elements});
  }

  void batch_norm(const OnnxNode& n) {
    BatchNorm::Attributes a;
    a.eps = n.real("epsilon", 1e-5f);
    const int64_t channels = shape(value(n))[3];
    const std::string name = name_of(n);
    const char* keys[] = {".weight", ".bias", ".running_mean", ".running_var"};
    for (size_t i = 0; i < 4; ++i) weight(name + keys[i], checked(n, i + 1, channels));
    put(n, name, std::make_shared<BatchNorm>(a), {value(n)});
  }

  void pool(const OnnxNode& n) {
    check_plain(n);
    const PoolAttributes a{one(n, "kernel_shape", 1), one(n, "strides", 1), one(n, "pads", 0)};
    CHECK(a.kernel > 0 && a.stride > 0 && a.pad < a.kernel, where(n), ": an impossible window");
    CHECK(n.type == "MaxPool" || a.pad == 0 || n.integer("count_include_pad", 0) == 1, where(n),
          ": averages that leave the padding out are not supported");
    if (n.type == "MaxPool") return put(n, name_of(n), std::make_shared<MaxPool>(a), {value(n)});
    const Shape& x = shape(value(n));
    const bool whole = a.kernel == x[1] && a.kernel == x[2] && a.pad == 0;
    put(n, name_of(n), std::make_shared<AvgPool>(whole ? PoolAttributes{} : a), {value(n)});
  }
  void global_pool(const OnnxNode& n) {
    if (n.type == "ReduceMean") {
      std::vector<int64_t> axes = n.inputs.size() > 1 ? numbers(n, 1) : n.integers("axes");
      for (int64_t& axis : axes) axis += axis < 0 ? 4 : 0;
      std::sort(axes.begin(), axes.end());
      CHECK(axes == std::vector<int64_t>({2, 3}), where(n), ": only a mean over the pixels is supported");
    }
    put(n, name_of(n), std::make_shared<AvgPool>(PoolAttributes{}), {value(n)});
  }

  void flatten(const OnnxNode& n) {
    const NodeId x = value(n);
    const Shape s = shape(x);
    if (n.type == "Reshape") {
      const std::vector<int64_t> to = numbers(n, 1);
      CHECK(to.size() == 2 && (to[1] == -1 || to[1] == s[1] * s[2] * s[3]), where(n),
            ": of reshapes only the flattening of a picture to [N,C] is "
            "supported");
    } else {
      CHECK(n.integer("axis", 1) == 1, where(n), ": axis is ", n.integer("axis", 1), ", not 1");
    }
    if (s[1] == 1 && s[2] == 1) return same(n);
    put(n, name_of(n), std::make_shared<Flatten>(), {x});
  }

  void gemm(const OnnxNode& n) {
    CHECK(n.real("alpha", 1) == 1 && n.real("beta", 1) == 1 && n.integer("transA", 0) == 0, where(n),
          ": factors and transposed inputs are not supported");
    Tensor w = to_f32(tensor(n, 1));
    CHECK(w.shape().rank() == 2, where(n), ": its weights are ", w.shape());
    if (n.integer("transB", 0) == 0) w = transposed(w);
    const Shape& x = shape(value(n));
    CHECK(w.shape()[0] > 0 && x[1] == 1 && x[2] == 1 && x[3] == w.shape()[1], where(n), ": its weights ", w.shape(),
          " do not fit an input ", x);
    const std::string name = name_of(n);
    weight(name + ".weight", w);
    weight(name + ".bias", has_tensor(n, 2) ? checked(n, 2, w.shape()[0]) : Tensor({w.shape()[0]}));
    put(n, name, std::make_shared<Linear>(Linear::Attributes{w.shape()[0]}), {value(n)});
  }
  static Tensor transposed(const Tensor& w) {
    Tensor t({w.shape()[1], w.shape()[0]});
    for (int64_t i = 0; i < w.shape()[0]; ++i)
      for (int64_t j = 0; j < w.shape()[1]; ++j) t.f32()[j * w.shape()[0] + i] = w.f32()[i * w.shape()[1] + j];
    return t;
  }

  void lrn(const OnnxNode& n) {
    Lrn::Attributes a;
    a.size = n.integer("size", 0);
    CHECK(a.size > 0 && a.size % 2 == 1 && a.size < 1024, where(n), ": a window of ", a.size, " channels");
    a.alpha = n.real("alpha", 1e-4f) / static_cast<float>(a.size);
    a.beta = n.real("beta", 0.75f);
    a.k = n.real("bias", 1);
    put(n, name_of(n), std::make_shared<Lrn>(a), {value(n)});
  }

  /// Option A's shortcut is a Slice with steps and a Pad of channels: the first
  /// is remembered, the second becomes the op.
  void slice(const OnnxNode& n) {
    const std::vector<int64_t> starts = numbers(n, 1), axes = numbers(n, 3), steps = numbers(n, 4);
    CHECK(starts == std::vector<int64_t>({0, 0}) && axes == std::vector<int64_t>({2, 3}) && steps.size() == 2 &&
              steps[0] == steps[1] && steps[0] > 0 && steps[0] <= 8,
          where(n), ": of slices only every n-th pixel from the first is supported");
    same(n);
    strides_[n.outputs[0]] = steps[0];
  }
  void pad(const OnnxNode& n) {
    const std::vector<int64_t> p = numbers(n, 1);
    CHECK(p.size() == 8 && p[0] == 0 && p[2] == 0 && p[3] == 0 && p[4] == 0 && p[6] == 0 && p[7] == 0 && p[1] >= 0 &&
              p[5] >= 0 && p[1] + p[5] <= 65536,
          where(n), ": of paddings only zero channels are supported");
    PadChannels::Attributes a;
    a.stride = strides_.contains(n.inputs[0]) ? strides_.at(n.inputs[0]) : 1;
    a.before = p[1];
    a.out = shape(value(n))[3] + p[1] + p[5];
    put(n, name_of(n), std::make_shared<PadChannels>(a), {value(n)});
  }

  const Model& model_;
  const std::string& file_;
  Network network_;
  std::map<std::string, NodeId> values_;
  std::map<std::string, int64_t> strides_;  // of slices
  StateDict constants_;
  std::set<std::string> names_;
  std::vector<Shape> shapes_;  // of the graph's nodes, for one picture
};

}  // namespace

Network import_network(const Model& model, const std::string& file) {
  check_supported(model, file);
  return Importer(model, file).run();
}

}  // namespace resnet::onnx
