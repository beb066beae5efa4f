// A short, wide residual network for fast training on CIFAR-10, of the form that David Page's entry to the DAWNBench competition
// made known (2018): a convolution, three stages that each double the channels and halve the picture, and a block of two
// convolutions with an identity shortcut in the first and the last stage.
#include "core/check.h"
#include "models/blocks.h"
#include "models/registry.h"
#include "ops/add.h"
#include "ops/pool.h"
#include "ops/relu.h"

namespace resnet {

namespace {

constexpr int64_t kWidth = 64;
constexpr bool kHasBlock[] = {true, false, true};

NodeId conv_bn_relu(Graph& g, const std::string& name, NodeId x, int64_t out, const ModelOptions& options) {
  const NodeId y = conv_bn(g, name + ".conv", name + ".bn", x, {out, 3, 1}, options);
  return g.add(name + ".relu", std::make_shared<Relu>(), {y});
}

std::optional<Graph> make(const std::string& name, const ModelOptions& options) {
  if (name != "resnet9") return std::nullopt;
  const int64_t size = options.image_size ? options.image_size : 32;
  Graph g;
  NodeId x = conv_bn_relu(g, "prep", g.input(size, size, 3), kWidth, options);
  for (int stage = 1; stage <= 3; ++stage) {
    const std::string layer = join("layer", stage);
    const int64_t width = kWidth << stage;
    x = conv_bn_relu(g, layer, x, width, options);
    x = g.add(layer + ".pool", std::make_shared<MaxPool>(PoolAttributes{2, 2, 0}), {x});
    if (!kHasBlock[stage - 1]) continue;
    const NodeId y = conv_bn_relu(g, layer + ".block.1", x, width, options);
    x = g.add(layer + ".add", std::make_shared<Add>(), {conv_bn_relu(g, layer + ".block.2", y, width, options), x});
  }
  head(g, x, options.classes ? options.classes : 10);
  return g;
}

const RegisterModels registered{{{"resnet9"}, make}};

}  // namespace

}  // namespace resnet
