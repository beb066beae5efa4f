#include "eval/quantize.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "core/check.h"
#include "engine/compile.h"
#include "eval/histogram.h"
#include "eval/model.h"
#include "ops/conv.h"
#include "ops/conv_int8.h"
#include "resnet/plan.h"

namespace resnet {

namespace {

constexpr int kSignedLevels = 127, kUnsignedLevels = 255;
const std::vector<std::string> kMethods = {"max", "percentile", "mse"};

Plan plan_for(const Graph& graph, DType dtype, const Shape& batch, StateDict& weights) {
  Plan plan(graph, {.batch = batch[0], .dtype = dtype});
  plan.bind(weights);
  return plan;
}

/// The network in f32: how large every node's values are, and what it answers.
struct Truth {
  std::map<std::string, Histogram> values;
  std::vector<Tensor> logits;
};

void run(Plan& plan, const Tensor& x) {
  std::memcpy(plan.input().raw(), x.raw(), x.bytes());
  plan.forward();
}

Truth observe(const Graph& graph, StateDict& weights, const std::vector<Tensor>& batches) {
  Truth truth;
  Plan plan = plan_for(graph, DType::f32, batches[0].shape(), weights);
  plan.observe([&](const std::string& name, const Tensor& y) { truth.values[name].add(y.f32(), y.elements()); });
  for (const Tensor& x : batches) {
    run(plan, x);
    truth.logits.push_back(plan.output().clone());
  }
  return truth;
}

Tensor scalar(float value) {
  Tensor t({1});
  t.f32()[0] = value;
  return t;
}

/// Folds batch norm into a convolution's weights and rounds them, with a scale for every output channel.
void quantize_weights(const Node& node, const Shape& x, const StateDict& weights, StateDict& to) {
  std::vector<float*> w;
  for (const std::string& key : node.params) w.push_back(weights.at(key).f32());
  const Tensor& stored = weights.at(node.params[0]);
  const int64_t out = stored.shape()[0], per_out = stored.elements() / out;
  Tensor folded = stored.clone(), bias({out}), scale({out});
  if (node.op->kind() == "conv")
    folded_weights(static_cast<const Conv&>(*node.op), x, w, folded.f32(), bias.f32());
  else
    std::copy_n(w[1], out, bias.f32());
  const Shape& s = stored.shape();
  Tensor rounded(s.rank() == 4 ? s : Shape{out, per_out, 1, 1}, DType::i8);
  for (int64_t o = 0; o < out; ++o) {
    const float* from = folded.f32() + o * per_out;
    float largest = 0;
    for (int64_t i = 0; i < per_out; ++i) largest = std::max(largest, std::abs(from[i]));
    CHECK(std::isfinite(largest), "the weights of ", node.name, " are not finite numbers");
    const float step = largest > 0 ? largest / kSignedLevels : 1;
    scale.f32()[o] = step;
    for (int64_t i = 0; i < per_out; ++i)
      rounded.as<int8_t>()[static_cast<size_t>(o * per_out + i)] = static_cast<int8_t>(std::lrint(from[i] / step));
  }
  to[node.name + ".weight"] = rounded;
  to[node.name + ".weight_scale"] = scale;
  to[node.name + ".bias"] = bias;
}

// The u8 that stands for 0 in the outputs of a node of the int8 graph that has a scale of its own.
bool is_signed(const Node& node) {
  if (node.op->kind() == "quantize") return true;
  return node.op->kind() == "conv_int8" && static_cast<const ConvInt8&>(*node.op).y_zero() != 0;
}

StateDict quantized_weights(const Graph& graph, const StateDict& weights, const Truth& truth,
                            const std::string& method) {
  StateDict all;
  const Graph fused = fused_graph(graph);
  const std::vector<Shape> shapes = fused.shapes(1);
  for (const Node& node : fused.nodes())
    if (node.op && (node.op->kind() == "conv" || node.op->kind() == "linear"))
      quantize_weights(node, shapes[static_cast<size_t>(node.inputs[0])], weights, all);
  const Graph int8 = int8_graph(graph);
  for (const Node& node : int8.nodes()) {
    if (!node.op || node.params.empty() || !node.params.back().ends_with(".y_scale")) continue;
    const std::string& key = node.params.back();
    const int levels = is_signed(node) ? kSignedLevels : kUnsignedLevels;
    const float clip = truth.values.at(key.substr(0, key.rfind('.'))).clip(method, levels);
    all[key] = scalar(clip > 0 ? clip / static_cast<float>(levels) : 1);
  }
  return all;
}

double logit_error(const Graph& graph, StateDict& weights, const std::vector<Tensor>& batches, const Truth& truth) {
  Plan plan = plan_for(graph, DType::u8, batches[0].shape(), weights);
  double error = 0, power = 0;
  for (size_t b = 0; b < batches.size(); ++b) {
    run(plan, batches[b]);
    const float *y = plan.output().f32(), *expected = truth.logits[b].f32();
    for (int64_t i = 0; i < plan.output().elements(); ++i) {
      error += std::pow(static_cast<double>(y[i]) - expected[i], 2);
      power += std::pow(static_cast<double>(expected[i]), 2);
    }
  }
  return power > 0 ? error / power : error;
}

std::vector<Tensor> batches_of(const Checkpoint& checkpoint, std::shared_ptr<const Dataset> data,
                               const QuantizeOptions& options) {
  LoaderOptions loader_options;
  loader_options.batch = std::min(options.batch, data->size());
  loader_options.shuffle = true;
  loader_options.drop_last = true;
  Loader loader(std::move(data), checkpoint.preprocessing, loader_options);
  loader.seek(0);
  std::vector<Tensor> batches;
  for (Batch batch;
       static_cast<int64_t>(batches.size()) * loader_options.batch < options.pictures && loader.next(batch);)
    batches.push_back(batch.images.clone());
  return batches;
}

}  // namespace

Quantized quantize(const Graph& graph, StateDict weights, const std::vector<Tensor>& batches,
                   const std::string& method) {
  CHECK(!batches.empty(), "quantisation needs pictures to calibrate on; there are none");
  const Truth truth = observe(graph, weights, batches);
  Quantized best;
  for (const std::string& tried : method == "auto" ? kMethods : std::vector<std::string>{method}) {
    StateDict candidate = quantized_weights(graph, weights, truth, tried);
    const double error = logit_error(graph, candidate, batches, truth);
    const bool better = std::all_of(best.errors.begin(), best.errors.end(),
                                    [error](const auto& other) { return error < other.second; });
    best.errors.emplace_back(tried, error);
    if (!better) continue;
    best.weights = std::move(candidate);
    best.method = tried;
  }
  return best;
}

QuantizedCheckpoint quantize(const Checkpoint& checkpoint, std::shared_ptr<const Dataset> data,
                             const QuantizeOptions& options) {
  CHECK(!checkpoint.int8, "these weights are quantised already: give the f32 ones they were made from");
  CHECK(data != nullptr && data->size() > 0, "quantisation needs pictures to calibrate on; the data has none");
  const std::vector<Tensor> batches = batches_of(checkpoint, std::move(data), options);
  QuantizedCheckpoint result;
  result.details = quantize(graph_of(checkpoint), checkpoint.weights, batches, options.method);
  result.pictures = static_cast<int64_t>(batches.size()) * batches[0].shape()[0];
  result.checkpoint = checkpoint;
  result.checkpoint.int8 = true;
  result.checkpoint.weights = std::move(result.details.weights);
  result.checkpoint.momentum.clear();
  result.checkpoint.ema.clear();
  return result;
}

}  // namespace resnet
