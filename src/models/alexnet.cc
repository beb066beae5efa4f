// AlexNet. `alexnet` is torchvision's (the "one weird trick" variant, arXiv 1404.5997); `alexnet-paper` is that of Krizhevsky
// et al. 2012: local response normalisation, overlapping pooling, convolutions in two groups, and, with -tanh or -sigmoid,
// the saturating activations that it was compared with. Its layers have Caffe's names.
#include "core/check.h"
#include "models/classifier_head.h"
#include "models/registry.h"
#include "ops/conv.h"
#include "ops/dropout.h"
#include "ops/flatten.h"
#include "ops/linear.h"
#include "ops/lrn.h"
#include "ops/pool.h"
#include "ops/relu.h"
#include "ops/sigmoid.h"
#include "ops/tanh.h"

namespace resnet {

namespace {

struct Layer {
  int64_t out, kernel, stride, pad, groups;
  bool normalized;  // LRN behind the activation (the paper's variant only)
  bool pooled;      // 3×3/2 behind that
};

constexpr Layer kTorchvision[] = {{64, 11, 4, 2, 1, false, true},
                                  {192, 5, 1, 2, 1, false, true},
                                  {384, 3, 1, 1, 1, false, false},
                                  {256, 3, 1, 1, 1, false, false},
                                  {256, 3, 1, 1, 1, false, true}};
constexpr Layer kPaper[] = {{96, 11, 4, 2, 1, true, true},
                            {256, 5, 1, 2, 2, true, true},
                            {384, 3, 1, 1, 1, false, false},
                            {384, 3, 1, 1, 2, false, false},
                            {256, 3, 1, 1, 2, false, true}};

std::shared_ptr<const Op> conv(const Layer& l) {
  return std::make_shared<Conv>(Conv::Attributes{
      .out = l.out, .kernel = l.kernel, .stride = l.stride, .pad = l.pad, .groups = l.groups, .bias = true});
}

std::shared_ptr<const Op> overlapping_pool() { return std::make_shared<MaxPool>(PoolAttributes{3, 2, 0}); }

NodeId input(Graph& g, const ModelOptions& options) {
  const int64_t size = options.image_size ? options.image_size : 224;
  return g.input(size, size, 3);
}

int64_t classes_of(const ModelOptions& options) { return options.classes ? options.classes : 1000; }

Graph torchvisions(const ModelOptions& options) {
  Graph g;
  NodeId x = input(g, options);
  int place = 0;
  const auto add = [&](std::shared_ptr<const Op> op) { x = g.add(join("features.", place++), std::move(op), {x}); };
  for (const Layer& layer : kTorchvision) {
    add(conv(layer));
    add(std::make_shared<Relu>());
    if (layer.pooled) add(overlapping_pool());
  }
  three_linear_layers(g, x, {.pooled = 6, .dropout_first = true, .classes = classes_of(options)});
  return g;
}

Graph papers(const std::shared_ptr<const Op>& activation, const ModelOptions& options) {
  Graph g;
  NodeId x = input(g, options);
  int n = 0;
  const auto add = [&](const char* name, std::shared_ptr<const Op> op) {
    x = g.add(join(name, n), std::move(op), {x});
  };
  for (const Layer& layer : kPaper) {
    ++n;
    add("conv", conv(layer));
    add("relu", activation);
    if (layer.normalized) add("norm", std::make_shared<Lrn>(Lrn::Attributes{}));
    if (layer.pooled) add("pool", overlapping_pool());
  }
  x = g.add("flatten", std::make_shared<Flatten>(), {x});
  for (n = 6; n <= 7; ++n) {
    add("fc", std::make_shared<Linear>(Linear::Attributes{.out = 4096, .f32_output = false}));
    add("relu", activation);
    add("drop", std::make_shared<Dropout>(Dropout::Attributes{.p = 0.5f, .stream = n}));
  }
  g.add("fc8", std::make_shared<Linear>(Linear::Attributes{classes_of(options)}), {x});
  return g;
}

std::optional<Graph> make(const std::string& name, const ModelOptions& options) {
  if (name == "alexnet") return torchvisions(options);
  if (name == "alexnet-paper") return papers(std::make_shared<Relu>(), options);
  if (name == "alexnet-paper-tanh") return papers(std::make_shared<Tanh>(), options);
  if (name == "alexnet-paper-sigmoid") return papers(std::make_shared<Sigmoid>(), options);
  return std::nullopt;
}

const RegisterModels registered{{{"alexnet", "alexnet-paper", "alexnet-paper-tanh", "alexnet-paper-sigmoid"}, make}};

}  // namespace

}  // namespace resnet
