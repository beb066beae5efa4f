#include "models/blocks.h"

#include "ops/add.h"
#include "ops/batch_norm.h"
#include "ops/conv.h"
#include "ops/linear.h"
#include "ops/pad_channels.h"
#include "ops/pool.h"
#include "ops/relu.h"

namespace resnet {

namespace {

NodeId relu(Graph& g, const std::string& name, NodeId x) { return g.add(name, std::make_shared<Relu>(), {x}); }

// The identity, or what option A, B or C puts in its place to reach `out` channels at `stride`.
NodeId shortcut(Graph& g, const std::string& block, NodeId x, int64_t out, int64_t stride, const BlockStyle& style) {
  const bool changes = stride != 1 || g.shapes(1)[static_cast<size_t>(x)][3] != out;
  if (style.shortcut == Shortcut::c || (changes && style.shortcut == Shortcut::b))
    return conv_bn(g, block + ".downsample.0", block + ".downsample.1", x, {out, 1, stride}, style.options);
  if (!changes) return x;
  return g.add(block + ".shortcut", std::make_shared<PadChannels>(PadChannels::Attributes{out, stride, 0}), {x});
}

// relu(branch + shortcut(x)), or relu(branch) in a plain network.
NodeId join_branches(Graph& g, const std::string& block, NodeId x, NodeId branch, int64_t stride,
                     const BlockStyle& style) {
  if (style.shortcut != Shortcut::none) {
    const int64_t out = g.shapes(1)[static_cast<size_t>(branch)][3];
    const NodeId other = shortcut(g, block, x, out, stride, style);
    branch = g.add(block + ".add", std::make_shared<Add>(), {branch, other});
  }
  return relu(g, block + ".relu", branch);
}

}  // namespace

NodeId conv(Graph& g, const std::string& name, NodeId x, const ConvLayer& shape) {
  Conv::Attributes a;
  a.out = shape.out;
  a.kernel = shape.kernel;
  a.stride = shape.stride;
  a.pad = shape.kernel / 2;
  a.groups = shape.groups;
  a.bias = shape.bias;
  return g.add(name, std::make_shared<Conv>(a), {x});
}

NodeId batch_norm(Graph& g, const std::string& name, NodeId x, const ModelOptions& options) {
  BatchNorm::Attributes a;
  a.eps = options.bn_eps;
  a.momentum = options.bn_momentum;
  a.group = options.bn_group;
  return g.add(name, std::make_shared<BatchNorm>(a), {x});
}

NodeId conv_bn(Graph& g, const std::string& conv_name, const std::string& bn_name, NodeId x, const ConvLayer& shape,
               const ModelOptions& options) {
  return batch_norm(g, bn_name, conv(g, conv_name, x, shape), options);
}

NodeId basic_block(Graph& g, const std::string& block, NodeId x, int64_t width, int64_t stride,
                   const BlockStyle& style) {
  NodeId y = conv_bn(g, block + ".conv1", block + ".bn1", x, {width, 3, stride}, style.options);
  y = relu(g, block + ".relu1", y);
  y = conv_bn(g, block + ".conv2", block + ".bn2", y, {width, 3, 1}, style.options);
  return join_branches(g, block, x, y, stride, style);
}

NodeId bottleneck(Graph& g, const std::string& block, NodeId x, int64_t width, int64_t stride,
                  const BlockStyle& style) {
  const int64_t first = style.stride_in_first ? stride : 1, second = style.stride_in_first ? 1 : stride;
  const int64_t inner = width * style.group_width / 64 * style.groups;
  NodeId y = conv_bn(g, block + ".conv1", block + ".bn1", x, {inner, 1, first}, style.options);
  y = relu(g, block + ".relu1", y);
  y = conv_bn(g, block + ".conv2", block + ".bn2", y, {inner, 3, second, style.groups}, style.options);
  y = relu(g, block + ".relu2", y);
  y = conv_bn(g, block + ".conv3", block + ".bn3", y, {4 * width, 1, 1}, style.options);
  return join_branches(g, block, x, y, stride, style);
}

NodeId head(Graph& g, NodeId x, int64_t classes) {
  x = g.add("avgpool", std::make_shared<AvgPool>(PoolAttributes{}), {x});
  return g.add("fc", std::make_shared<Linear>(Linear::Attributes{classes}), {x});
}

}  // namespace resnet
