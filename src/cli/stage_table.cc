#include "cli/stage_table.h"

#include <algorithm>
#include <utility>

#include "core/check.h"
#include "ops/conv.h"
#include "ops/pool.h"

namespace resnet::cli {

namespace {

// Nodes of one stage, in blocks: "layer2" has "layer2.0", "layer2.1" …; stages without blocks have one.
struct Stage {
  std::string name;
  std::vector<std::pair<std::string, std::vector<std::string>>> blocks;  // name, what it is made of
  StageRow row;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string window(int64_t kernel, int64_t stride) {
  return kernel == 0 ? std::string("global") : join(kernel, "x", kernel, stride > 1 ? join("/", stride) : "");
}

// What the paper would write of a node, or nothing: projections, normalisation and activations go without saying.
std::string text_of(const Node& node) {
  const std::string_view kind = node.op->kind();
  if (node.name.find(".downsample.") != std::string::npos) return {};
  if (kind == "conv") {
    const Conv::Attributes& a = static_cast<const Conv&>(*node.op).a;
    return join(window(a.kernel, a.stride), ", ", a.out, a.groups > 1 ? join(", ", a.groups, " groups") : "");
  }
  if (kind == "max_pool") {
    const PoolAttributes& a = static_cast<const MaxPool&>(*node.op).a;
    return window(a.kernel, a.stride) + " max pool";
  }
  if (kind == "avg_pool") return window(static_cast<const AvgPool&>(*node.op).a.kernel, 1) + " average pool";
  if (kind == "adaptive_avg_pool") return "average pool " + node.op->describe();
  if (kind == "linear") return node.op->describe() + "-d fc";
  if (kind == "lrn") return "lrn";
  return {};
}

// Blocks differ in the stride of their first only; the paper prints the others.
std::string without_stride(const std::string& text) {
  std::string s;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '/') {
      s += text[i];
      continue;
    }
    while (i + 1 < text.size() && is_digit(text[i + 1])) ++i;
  }
  return s;
}

std::string layers_text(const Stage& stage) {
  std::string text;
  for (size_t i = 0; i < stage.blocks.size();) {
    std::string block;
    for (const std::string& layer : stage.blocks[i].second) block += (block.empty() ? "" : "; ") + layer;
    const bool numbered = stage.blocks[i].first != stage.name;
    size_t same = 1;
    while (i + same < stage.blocks.size() && stage.blocks[i + same].second == stage.blocks[i].second) ++same;
    if (!text.empty()) text += " ";
    text += numbered ? join("[", block, "] x", same) : block;
    i += same;
  }
  return text;
}

// Whether the node begins a new row: another first part of the name, or, in long lists of layers (VGG's features), what
// follows a pooling. Normalisation, activations and dropout stay in the row before.
bool begins_stage(const std::vector<Stage>& stages, const std::string& name, bool in_block, bool silent, bool pooled) {
  if (stages.empty()) return true;
  if (in_block) return stages.back().name != name;
  return !silent && (stages.back().name != name || pooled);
}

}  // namespace

// "features.3" is in stage and block "features".
Place place_of(const std::string& name) {
  const size_t first = name.find('.');
  if (first == std::string::npos) return {name, name};
  const size_t second = name.find('.', first + 1);
  const std::string stage = name.substr(0, first);
  return {stage, second == std::string::npos ? stage : name.substr(0, second)};
}

std::vector<StageRow> stage_rows(const Graph& graph) {
  const std::vector<Shape> shapes = graph.shapes(1);
  std::vector<Stage> stages;
  bool pooled = false;
  for (size_t i = 1; i < graph.nodes().size(); ++i) {
    const Node& node = graph.nodes()[i];
    const auto [stage_name, block_name] = place_of(node.name);
    const std::string text = text_of(node);
    const bool in_block = block_name != stage_name, silent = text.empty();
    if (begins_stage(stages, stage_name, in_block, silent, pooled))
      stages.push_back({stage_name, {}, {stage_name, shapes[i], "", 0, 0}});
    pooled = node.op->kind() == "max_pool" || (pooled && silent);
    Stage& stage = stages.back();
    const std::vector<Shape> x = input_shapes(node, shapes);
    if (node.op->kind() != "flatten") stage.row.y = shapes[i];
    stage.row.multiply_adds += node.op->multiply_adds(x);
    for (const ParamSpec& p : node.op->params(x))
      if (p.trainable()) stage.row.parameters += p.shape.elements();
    if (text.empty()) continue;
    if (stage.blocks.empty() || stage.blocks.back().first != block_name) stage.blocks.push_back({block_name, {}});
    stage.blocks.back().second.push_back(in_block ? without_stride(text) : text);
  }
  std::vector<StageRow> rows;
  for (Stage& stage : stages) {
    stage.row.layers = layers_text(stage);
    rows.push_back(stage.row);
  }
  return rows;
}

}  // namespace resnet::cli
