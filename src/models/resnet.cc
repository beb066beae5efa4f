// The ImageNet networks of Table 1, their plain twins, and those with other bottlenecks (wide: Zagoruyko and Komodakis,
// arXiv 1605.07146; ResNeXt: Xie et al., arXiv 1611.05431): a network is a row of this table.
#include <array>

#include "core/check.h"
#include "models/blocks.h"
#include "models/registry.h"
#include "ops/pool.h"
#include "ops/relu.h"

namespace resnet {

namespace {

struct Row {
  const char* name;
  std::array<int, 4> blocks;  // in conv2_x … conv5_x
  bool bottleneck;
  bool plain;
  int groups = 1, group_width = 64;
};

constexpr Row kRows[] = {
    {"resnet18", {2, 2, 2, 2}, false, false},
    {"resnet34", {3, 4, 6, 3}, false, false},
    {"resnet50", {3, 4, 6, 3}, true, false},
    {"resnet101", {3, 4, 23, 3}, true, false},
    {"resnet152", {3, 8, 36, 3}, true, false},
    {"plain18", {2, 2, 2, 2}, false, true},
    {"plain34", {3, 4, 6, 3}, false, true},
    {"wide_resnet50_2", {3, 4, 6, 3}, true, false, 1, 128},
    {"wide_resnet101_2", {3, 4, 23, 3}, true, false, 1, 128},
    {"resnext50_32x4d", {3, 4, 6, 3}, true, false, 32, 4},
    {"resnext101_32x8d", {3, 4, 23, 3}, true, false, 32, 8},
    {"resnext101_64x4d", {3, 4, 23, 3}, true, false, 64, 4},
};

// Takes `suffix` off the end of `name` if it is there.
bool take_suffix(std::string& name, const std::string& suffix) {
  if (name.size() < suffix.size() || name.compare(name.size() - suffix.size(), suffix.size(), suffix) != 0)
    return false;
  name.resize(name.size() - suffix.size());
  return true;
}

// 7×7/2 and max pooling; for pictures of a few dozen pixels one 3×3 instead.
NodeId stem(Graph& g, NodeId x, bool small, const ModelOptions& options) {
  if (small) {
    x = conv_bn(g, "conv1", "bn1", x, {64, 3, 1}, options);
    return g.add("relu", std::make_shared<Relu>(), {x});
  }
  x = conv_bn(g, "conv1", "bn1", x, {64, 7, 2}, options);
  x = g.add("relu", std::make_shared<Relu>(), {x});
  return g.add("maxpool", std::make_shared<MaxPool>(PoolAttributes{3, 2, 1}), {x});
}

Graph build(const Row& row, const BlockStyle& style, bool small) {
  const int64_t size = style.options.image_size ? style.options.image_size : small ? 32 : 224;
  const int64_t classes = style.options.classes ? style.options.classes : 1000;
  Graph g;
  NodeId x = stem(g, g.input(size, size, 3), small, style.options);
  for (size_t stage = 0; stage < row.blocks.size(); ++stage)
    for (int i = 0; i < row.blocks[stage]; ++i) {
      const std::string name = join("layer", stage + 1, ".", i);
      const int64_t width = int64_t{64} << stage, stride = stage > 0 && i == 0 ? 2 : 1;
      x = row.bottleneck ? bottleneck(g, name, x, width, stride, style) : basic_block(g, name, x, width, stride, style);
    }
  head(g, x, classes);
  return g;
}

std::optional<Graph> make(const std::string& full_name, const ModelOptions& options) {
  std::string name = full_name;
  BlockStyle style;
  style.options = options;
  const bool small = take_suffix(name, "-small");
  const std::string with_shortcut = name;
  if (take_suffix(name, "-a"))
    style.shortcut = Shortcut::a;
  else if (take_suffix(name, "-c"))
    style.shortcut = Shortcut::c;
  else
    take_suffix(name, "-b");
  style.stride_in_first = take_suffix(name, "-v1");
  for (const Row& row : kRows) {
    if (name != row.name) continue;
    CHECK(!row.plain || name == with_shortcut, "'", full_name, "': a plain network has no shortcuts; use '", name, "'");
    CHECK(row.bottleneck || !style.stride_in_first, "'", full_name, "': -v1 is about bottlenecks; ", name, " has none");
    if (row.plain) style.shortcut = Shortcut::none;
    style.groups = row.groups;
    style.group_width = row.group_width;
    return build(row, style, small);
  }
  return std::nullopt;
}

const RegisterModels registered{
    {{"resnet18", "resnet18-small", "resnet34", "resnet34-a", "resnet34-c", "resnet50", "resnet50-v1", "resnet101",
      "resnet101-v1", "resnet152", "resnet152-v1", "plain18", "plain34", "wide_resnet50_2", "wide_resnet101_2",
      "resnext50_32x4d", "resnext101_32x8d", "resnext101_64x4d"},
     make}};

}  // namespace

}  // namespace resnet
