#include "explain/gradcam.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "core/nearest.h"
#include "eval/model.h"
#include "explain/folded.h"
#include "explain/heat.h"
#include "resnet/plan.h"

namespace resnet {

namespace {

constexpr int kLikely = 5;

int64_t pixels(const Shape& y) { return y.rank() == 4 ? y[1] * y[2] : 1; }

// The node that is looked at. By default what the last pooling reads: the last output of more than one pixel that is not
// pooled itself.
NodeId layer_of(const Graph& graph, const std::string& name) {
  const std::vector<Shape> shapes = graph.shapes(1);
  std::vector<std::string> names;
  NodeId last = 0;
  for (NodeId id = 1; id < graph.output(); ++id) {
    const Node& node = graph.node(id);
    if (pixels(shapes[static_cast<size_t>(id)]) == 1) continue;
    if (node.name == name) return id;
    names.push_back(node.name);
    const bool pooled = node.op->kind().find("pool") != std::string_view::npos;
    if (!pooled) last = id;
  }
  CHECK(last > 0, "the network has no layer of more than one pixel to look at");
  CHECK(name.empty(), "--layer ", name, ": the network has no such layer with more than one pixel; did you mean '",
        nearest(name, names), "'?");
  return last;
}

int index_of(const Checkpoint& checkpoint, const std::string& name) {
  const auto found = std::find(checkpoint.classes.begin(), checkpoint.classes.end(), name);
  CHECK(found != checkpoint.classes.end(), "--class ", name, ": the network knows no such class; did you mean '",
        nearest(name, checkpoint.classes), "'?");
  return static_cast<int>(found - checkpoint.classes.begin());
}

float output_of(const FoldedNetwork& network, const Tensor& input, int index) {
  Plan plan(network.graph, {.fuse = false});
  StateDict weights = network.weights;
  plan.bind(weights);
  std::copy_n(input.f32(), input.elements(), plan.input().f32());
  plan.forward();
  return plan.output().f32()[index];
}

struct Looked {
  Tensor y, dy;  ///< of the layer, f32 [1,h,w,C]; dy is that of the class's output
};

Looked look(const FoldedNetwork& network, const Tensor& input, int index, const std::string& layer) {
  FoldedNetwork single = single_output(network, index, output_of(network, input, index));
  Plan plan(single.graph, {.mode = Mode::train, .fuse = false});
  plan.bind(single.weights);
  std::copy_n(input.f32(), input.elements(), plan.input().f32());
  plan.labels().i32()[0] = 0;
  Looked looked;
  plan.observe([&](const std::string& name, const Tensor& y) {
    if (name == layer) looked.y = y.clone();
  });
  plan.observe_gradients([&](const std::string& name, const Tensor& dy) {
    if (name == layer) looked.dy = dy.clone();
  });
  plan.forward();
  plan.backward();
  for (float& v : looked.dy.as<float>()) v *= -2;  // the loss's gradient is -1/2 of the output's
  return looked;
}

// ReLU(Σ over channels of mean(dy) · y), scaled; returns what the maximum was.
double weighted_map(const Looked& looked, Tensor& map) {
  const Shape& shape = looked.y.shape();
  const int64_t n = shape[1] * shape[2], channels = shape[3];
  std::vector<double> weight(static_cast<size_t>(channels), 0.0);
  for (int64_t i = 0; i < n * channels; ++i)
    weight[static_cast<size_t>(i % channels)] += static_cast<double>(looked.dy.f32()[i]) / static_cast<double>(n);
  map = Tensor({shape[1], shape[2]});
  double strongest = 0;
  for (int64_t p = 0; p < n; ++p) {
    double sum = 0;
    for (int64_t c = 0; c < channels; ++c) sum += weight[static_cast<size_t>(c)] * looked.y.f32()[p * channels + c];
    CHECK(std::isfinite(sum), "the network's gradients are not finite numbers; its weights are damaged");
    map.f32()[p] = static_cast<float>(std::max(sum, 0.0));
    strongest = std::max(strongest, sum);
  }
  for (float& v : map.as<float>()) v = strongest > 0 ? static_cast<float>(v / strongest) : 0;
  return strongest;
}

}  // namespace

GradCam grad_cam(const Checkpoint& checkpoint, const Tensor& image, const GradCamOptions& options) {
  CHECK(!checkpoint.int8, "int8 weights have no gradients: give the f32 weights that they were made from");
  GradCam result{};
  std::vector<Prediction> all = Classifier(checkpoint).classify(image, static_cast<int>(checkpoint.classes.size()));
  const int index = options.class_name.empty() ? all.front().index : index_of(checkpoint, options.class_name);
  result.prediction = *std::find_if(all.begin(), all.end(), [&](const Prediction& p) { return p.index == index; });
  all.resize(std::min(all.size(), static_cast<size_t>(kLikely)));
  result.likely = std::move(all);

  const FoldedNetwork network = fold_network(graph_of(checkpoint), checkpoint.weights);
  result.layer = network.graph.node(layer_of(network.graph, options.layer)).name;
  Tensor input(network.graph.input_shape());
  normalize(resize_and_crop(image, checkpoint.preprocessing.fit()), checkpoint.preprocessing, input.f32());
  const Looked looked = look(network, input, index, result.layer);
  result.strongest = weighted_map(looked, result.map);
  result.overlay = heat_overlay(image, result.map, checkpoint.preprocessing.fit());
  return result;
}

}  // namespace resnet
