// The ImageNet networks of Table 1 and their plain twins: a depth is a row of this table.
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
};

constexpr Row kRows[] = {
    {"resnet18", {2, 2, 2, 2}, false, false},  {"resnet34", {3, 4, 6, 3}, false, false},
    {"resnet50", {3, 4, 6, 3}, true, false},   {"resnet101", {3, 4, 23, 3}, true, false},
    {"resnet152", {3, 8, 36, 3}, true, false}, {"plain18", {2, 2, 2, 2}, false, true},
    {"plain34", {3, 4, 6, 3}, false, true},
};

// Takes `suffix` off the end of `name` if it is there.
bool take_suffix(std::string& name, const std::string& suffix) {
  if (name.size() < suffix.size() || name.compare(name.size() - suffix.size(), suffix.size(), suffix) != 0)
    return false;
  name.resize(name.size() - suffix.size());
  return true;
}

NodeId stem(Graph& g, NodeId x, const ModelOptions& options) {
  x = conv_bn(g, "conv1", "bn1", x, {64, 7, 2}, options);
  x = g.add("relu", std::make_shared<Relu>(), {x});
  return g.add("maxpool", std::make_shared<MaxPool>(PoolAttributes{3, 2, 1}), {x});
}

Graph build(const Row& row, const BlockStyle& style) {
  const int64_t size = style.options.image_size ? style.options.image_size : 224;
  const int64_t classes = style.options.classes ? style.options.classes : 1000;
  Graph g;
  NodeId x = stem(g, g.input(size, size, 3), style.options);
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
  if (take_suffix(name, "-a"))
    style.shortcut = Shortcut::a;
  else if (take_suffix(name, "-c"))
    style.shortcut = Shortcut::c;
  else
    take_suffix(name, "-b");
  style.stride_in_first = take_suffix(name, "-v1");
  for (const Row& row : kRows) {
    if (name != row.name) continue;
    CHECK(!row.plain || name == full_name, "'", full_name, "': a plain network has no shortcuts; use '", name, "'");
    CHECK(row.bottleneck || !style.stride_in_first, "'", full_name, "': -v1 is about bottlenecks; ", name, " has none");
    if (row.plain) style.shortcut = Shortcut::none;
    return build(row, style);
  }
  return std::nullopt;
}

const RegisterModels registered{{{"resnet18", "resnet34", "resnet34-a", "resnet34-c", "resnet50", "resnet50-v1",
                                  "resnet101", "resnet152", "plain18", "plain34"},
                                 make}};

}  // namespace

}  // namespace resnet
