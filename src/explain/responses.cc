#include "explain/responses.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <numeric>

#include "core/check.h"
#include "core/parallel.h"
#include "engine/passes/pass.h"
#include "eval/model.h"
#include "ops/conv.h"
#include "resnet/plan.h"

namespace resnet {

namespace {

/// Sums of x and x² over what has been seen.
struct Moments {
  double count = 0, sum = 0, square = 0;

  double std() const {
    const double mean = sum / count;
    const double variance = square / count - mean * mean;
    return std::sqrt(variance < 0 ? 0 : variance);
  }
  void add(const Moments& m) {
    count += m.count;
    sum += m.sum;
    square += m.square;
  }
};

Moments moments_of(const float* x, int64_t n) {
  std::vector<Moments> parts(static_cast<size_t>(threads()));
  parallel_for(n, [&](int64_t begin, int64_t end, int thread) {
    Moments m{.count = static_cast<double>(end - begin)};
    for (int64_t i = begin; i < end; ++i) {
      const double v = x[i];
      m.sum += v;
      m.square += v * v;
    }
    parts[static_cast<size_t>(thread)] = m;
  });
  Moments all;
  for (const Moments& m : parts) all.add(m);
  return all;
}

bool is_3x3(const Node& node) {
  return node.op && node.op->kind() == "conv" && static_cast<const Conv&>(*node.op).a.kernel == 3;
}

/// Every 3x3 layer, and the node whose output is its response.
std::vector<std::pair<std::string, std::string>> observed_nodes(const Graph& graph) {
  std::vector<std::pair<std::string, std::string>> nodes;
  for (NodeId id = 1; id <= graph.output(); ++id) {
    if (!is_3x3(graph.node(id))) continue;
    const NodeId reader = only_reader(graph, id);
    const bool normalised = reader > 0 && graph.node(reader).op->kind() == "batch_norm";
    nodes.emplace_back(graph.node(id).name, graph.node(normalised ? reader : id).name);
  }
  return nodes;
}

void rank(std::vector<LayerResponse>& layers) {
  std::vector<size_t> order(layers.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return layers[a].std > layers[b].std; });
  for (size_t i = 0; i < order.size(); ++i) layers[order[i]].rank = static_cast<int64_t>(i) + 1;
}

}  // namespace

std::vector<LayerResponse> layer_responses(const Checkpoint& checkpoint, std::shared_ptr<const Dataset> data,
                                           const ResponseOptions& options, const ProgressFn& progress) {
  CHECK(!checkpoint.int8, "layer responses of int8 weights: give the f32 weights that they were made from");
  const Graph graph = graph_of(checkpoint);
  const auto nodes = observed_nodes(graph);
  CHECK(!nodes.empty(), checkpoint.model, " has no 3x3 layers");
  CHECK(data->size() > 0, "the data has no pictures to measure responses on");
  const int64_t pictures = options.pictures > 0 ? std::min(options.pictures, data->size()) : data->size();
  const int64_t batch = std::min(options.batch, pictures);

  StateDict weights = checkpoint.weights;
  Plan plan(graph, {.batch = batch, .fuse = false});
  plan.bind(weights);
  std::map<std::string, Moments> seen;
  for (const auto& [layer, node] : nodes) seen[node];
  int64_t count = 0;  // pictures of the batch that are wanted
  plan.observe([&](const std::string& name, const Tensor& y) {
    if (const auto found = seen.find(name); found != seen.end())
      found->second.add(moments_of(y.f32(), y.elements() / y.shape()[0] * count));
  });

  LoaderOptions loading;
  loading.batch = batch;
  loading.workers = options.workers;
  Loader loader(data, checkpoint.preprocessing, loading);
  loader.seek(0);
  Progress p;
  p.steps = pictures;
  for (Batch b; p.step < pictures && loader.next(b); p.step += count) {
    count = std::min(b.count, pictures - p.step);
    std::memcpy(plan.input().raw(), b.images.raw(), b.images.bytes());
    plan.forward();
    if (progress) progress(p);
  }

  std::vector<LayerResponse> layers;
  for (const auto& [layer, node] : nodes) {
    layers.push_back({layer, static_cast<int64_t>(layers.size()) + 1, 0, seen[node].std()});
    CHECK(std::isfinite(layers.back().std), "the responses of ", layer, " in ", checkpoint.model,
          " are not finite; its weights are damaged");
  }
  rank(layers);
  return layers;
}

}  // namespace resnet
