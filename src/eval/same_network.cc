#include "eval/same_network.h"

#include <algorithm>
#include <set>

#include "core/check.h"
#include "ops/adaptive_avg_pool.h"
#include "ops/batch_norm.h"
#include "ops/conv.h"
#include "ops/pool.h"
#include "resnet/models.h"

namespace resnet {

namespace {

int count(const Graph& graph, std::string_view kind) {
  return static_cast<int>(std::count_if(graph.nodes().begin(), graph.nodes().end(),
                                        [&](const Node& n) { return n.op && n.op->kind() == kind; }));
}

/// Names to try: `first`, all fixed ones, and CIFAR networks of about as many convolutions.
std::vector<std::string> candidates(const Graph& graph, const std::string& first) {
  std::vector<std::string> names;
  if (!first.empty()) names.push_back(first);
  for (const std::string& name : model_names())
    if (!name.starts_with("cifar-")) names.push_back(name);
  const int n = (count(graph, "conv") - 1) / 6;
  if (n < 1 || n > 200) return names;
  for (const char* form : {"-a", "-b", "-c"}) names.push_back(join("cifar-resnet", 6 * n + 2, form));
  names.push_back(join("cifar-plain", 6 * n + 2));
  return names;
}

/// Nothing where there is no such network, or the pictures are too small for it.
std::optional<Graph> built(const std::string& model, int64_t classes, int64_t size) {
  try {
    return make_model(model, {.classes = classes, .image_size = size});
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// Walks two networks from their outputs to their inputs.
class Matcher {
 public:
  Matcher(const Graph& ours, const Graph& other, const StateDict& weights)
      : ours_(ours), other_(other), other_weights_(weights) {}

  std::optional<StateDict> run() {
    if (!match(ours_.output(), other_.output())) return std::nullopt;
    return std::move(weights_);
  }

 private:
  bool match(NodeId a, NodeId b) {
    a = behind_dropout(ours_, a);
    b = behind_dropout(other_, b);
    if (a == 0 || b == 0) return a == b;
    if (done_.contains({a, b})) return true;
    if (failed_.contains({a, b})) return false;
    const bool same = match_nodes(a, b);
    (same ? done_ : failed_).insert({a, b});
    return same;
  }

  /// Dropout does nothing in inference.
  static NodeId behind_dropout(const Graph& graph, NodeId id) {
    while (id > 0 && graph.node(id).op->kind() == "dropout") id = graph.node(id).inputs[0];
    return id;
  }

  bool match_nodes(NodeId a, NodeId b) {
    const Node &x = ours_.node(a), &y = other_.node(b);
    if (x.op->kind() == "batch_norm" && y.op->kind() == "conv") return match_folded(a, b);
    if (x.op->kind() == "conv" && y.op->kind() == "conv")
      return (static_cast<const Conv&>(*x.op).a.bias || !static_cast<const Conv&>(*y.op).a.bias) && match_conv(a, b);
    if (x.op->kind() == "adaptive_avg_pool" && y.op->kind() == "avg_pool")
      return is_same_pool(a, b) && match_inputs(x.inputs, y.inputs);
    if (x.op->kind() != y.op->kind() || x.inputs.size() != y.inputs.size()) return false;
    if (x.op->kind() != "batch_norm" && x.op->describe() != y.op->describe()) return false;
    if (x.params.size() != y.params.size()) return false;
    const bool straight = match_inputs(x.inputs, y.inputs);
    if (!straight && (x.inputs.size() != 2 || !match_inputs(x.inputs, {y.inputs[1], y.inputs[0]}))) return false;
    for (size_t i = 0; i < x.params.size(); ++i) weights_[x.params[i]] = other_weights_.at(y.params[i]);
    return true;
  }
  bool match_inputs(const std::vector<NodeId>& a, const std::vector<NodeId>& b) {
    for (size_t i = 0; i < a.size(); ++i)
      if (!match(a[i], b[i])) return false;
    return true;
  }

  /// An average to n x n pixels against windows that lie beside each other: ONNX has only these.
  bool is_same_pool(NodeId a, NodeId b) const {
    const int64_t out = static_cast<const AdaptiveAvgPool&>(*ours_.node(a).op).a.out;
    const PoolAttributes& p = static_cast<const AvgPool&>(*other_.node(b).op).a;
    const Shape x = ours_.shapes(1)[static_cast<size_t>(ours_.node(a).inputs[0])];
    return p.pad == 0 && p.kernel == p.stride && x[1] == p.kernel * out && x[2] == p.kernel * out;
  }

  /// The other's bias, which exporters leave out where it is zero.
  Tensor bias_of(const Node& conv) const {
    const Conv::Attributes& q = static_cast<const Conv&>(*conv.op).a;
    return q.bias ? other_weights_.at(conv.params[1]) : Tensor({q.out});
  }
  /// All but the bias, which ours may be without.
  bool match_conv(NodeId a, NodeId b) {
    const Node &x = ours_.node(a), &y = other_.node(b);
    const Conv::Attributes &p = static_cast<const Conv&>(*x.op).a, &q = static_cast<const Conv&>(*y.op).a;
    if (p.out != q.out || p.kernel != q.kernel || p.stride != q.stride || p.pad != q.pad || p.groups != q.groups ||
        !match(x.inputs[0], y.inputs[0]))
      return false;
    weights_[x.params[0]] = other_weights_.at(y.params[0]);
    if (p.bias) weights_[x.params[1]] = bias_of(y);
    return true;
  }

  /// Our batch norm after a convolution against a convolution with a bias.
  bool match_folded(NodeId a, NodeId b) {
    const Node &norm = ours_.node(a), &conv = ours_.node(norm.inputs[0]), &y = other_.node(b);
    if (!conv.op || conv.op->kind() != "conv") return false;
    const Conv::Attributes& p = static_cast<const Conv&>(*conv.op).a;
    if (!match_conv(norm.inputs[0], b)) return false;
    const Tensor bias = p.bias ? weights_.at(conv.params[1]) : bias_of(y);
    if (p.bias) weights_[conv.params[1]] = Tensor({p.out});
    Tensor ones({p.out}), variance({p.out});
    std::fill_n(ones.f32(), p.out, 1.0f);
    std::fill_n(variance.f32(), p.out, 1.0f - static_cast<const BatchNorm&>(*norm.op).a.eps);
    weights_[norm.params[0]] = ones;
    weights_[norm.params[1]] = bias;
    weights_[norm.params[2]] = Tensor({p.out});
    weights_[norm.params[3]] = variance;
    return true;
  }

  const Graph &ours_, &other_;
  const StateDict& other_weights_;
  StateDict weights_;
  std::set<std::pair<NodeId, NodeId>> done_, failed_;
};

}  // namespace

std::optional<SameNetwork> same_network(const Graph& graph, const StateDict& weights, const std::string& first) {
  const int convolutions = count(graph, "conv");
  const int64_t classes = graph.shapes(1).back()[3];
  for (const std::string& name : candidates(graph, first)) {
    const auto ours = built(name, classes, graph.input_shape()[1]);
    if (!ours || count(*ours, "conv") != convolutions || count(*ours, "add") != count(graph, "add")) continue;
    if (auto same = Matcher(*ours, graph, weights).run()) return SameNetwork{name, *std::move(same)};
  }
  return std::nullopt;
}

}  // namespace resnet
