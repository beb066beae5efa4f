// A short residual network for fast training on CIFAR-10: a convolution that can start as a whitening of its patches, and three
// stages of a convolution, a max pool and a convolution with an identity shortcut. Pooling comes before batch norm: of the largest
// of four values with mean 0, ReLU would cut off next to none. The head sees a ninth of the largest value of each channel, which
// keeps large learning rates stable. The widths and that ninth are those that entries to speed records on CIFAR-10 came down to
// (Jordan, 2024, arXiv 2404.00498); the shortcuts, of one convolution each, are ours.
#include "core/check.h"
#include "models/blocks.h"
#include "models/registry.h"
#include "ops/add.h"
#include "ops/pool.h"
#include "ops/relu.h"

namespace resnet {

namespace {

constexpr int64_t kFirst = 32, kWidths[] = {64, 256, 256};
constexpr PoolAttributes kANinth{3, 1, 1};  // of one pixel: the mean over it and the zeros around it

NodeId bn_relu(Graph& g, const std::string& name, NodeId x, const ModelOptions& options) {
  return g.add(name + ".relu", std::make_shared<Relu>(), {batch_norm(g, name + ".bn", x, options)});
}

NodeId conv_bn_relu(Graph& g, const std::string& name, NodeId x, int64_t out, const ModelOptions& options) {
  return bn_relu(g, name, conv(g, name + ".conv", x, {out, 3, 1}), options);
}

std::optional<Graph> make(const std::string& name, const ModelOptions& options) {
  if (name != "resnet8-fast") return std::nullopt;
  const int64_t size = options.image_size ? options.image_size : 32;
  Graph g;
  NodeId x = conv_bn_relu(g, "stem", g.input(size, size, 3), kFirst, options);
  int stage = 0;
  for (const int64_t width : kWidths) {
    const std::string layer = join("layer", ++stage);
    x = conv(g, layer + ".widen.conv", x, {width, 3, 1});
    x = g.add(layer + ".pool", std::make_shared<MaxPool>(PoolAttributes{2, 2, 0}), {x});
    x = bn_relu(g, layer + ".widen", x, options);
    x = g.add(layer + ".add", std::make_shared<Add>(), {conv_bn_relu(g, layer + ".block", x, width, options), x});
  }
  x = g.add("maxpool", std::make_shared<MaxPool>(PoolAttributes{}), {x});
  x = g.add("scale", std::make_shared<AvgPool>(kANinth), {x});
  head(g, x, options.classes ? options.classes : 10);
  return g;
}

const RegisterModels registered{{{"resnet8-fast"}, make}};

}  // namespace

}  // namespace resnet
