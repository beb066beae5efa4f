// resnet info MODEL: every layer with its shape, parameters and work, and what training it takes in memory.
#include <algorithm>

#include "cli/info.h"
#include "cli/stage_table.h"
#include "cli/text.h"
#include "core/check.h"
#include "engine/compile.h"

namespace resnet::cli {

namespace {

struct Layer {
  std::string name, op, attributes;
  Shape y;  // of one picture
  int64_t parameters = 0, multiply_adds = 0;
};

std::vector<Layer> layers_of(const Graph& graph) {
  const std::vector<Shape> shapes = graph.shapes(1);
  std::vector<Layer> layers;
  for (size_t i = 0; i < graph.nodes().size(); ++i) {
    const Node& node = graph.nodes()[i];
    if (node.op == nullptr) {
      layers.push_back({node.name, "input", "", shapes[i], 0, 0});
      continue;
    }
    const std::vector<Shape> x = input_shapes(node, shapes);
    Layer layer{node.name, std::string(node.op->kind()), node.op->describe(), shapes[i], 0, node.op->multiply_adds(x)};
    for (const ParamSpec& p : node.op->params(x))
      if (p.trainable()) layer.parameters += p.shape.elements();
    layers.push_back(layer);
  }
  return layers;
}

// Layers with weights on the longest way, as the paper counts depth: projections of shortcuts do not count.
int64_t depth_of(const Graph& graph) {
  std::vector<int64_t> depth;
  for (const Node& node : graph.nodes()) {
    int64_t most = 0;
    for (NodeId id : node.inputs) most = std::max(most, depth[static_cast<size_t>(id)]);
    const bool weighted = node.op != nullptr && (node.op->kind() == "conv" || node.op->kind() == "linear");
    depth.push_back(most + (weighted ? 1 : 0));
  }
  return depth.back();
}

struct Memory {
  int64_t all = 0;  ///< training_bytes()
  int64_t arena = 0, arena_no_reuse = 0;
  int64_t parts = 1;
};

Memory training_memory(const Graph& graph, const CompileOptions& options) {
  const Compiled compiled = compile(graph, options);
  const auto begins_part = [](const Step& step) { return step.repeat_from > 0; };
  return {training_bytes(compiled), static_cast<int64_t>(compiled.memory.bytes),
          static_cast<int64_t>(compiled.memory.bytes_no_reuse),
          1 + std::count_if(compiled.steps.begin(), compiled.steps.end(), begins_part)};
}

Json to_json(const std::vector<Layer>& layers) {
  Json list = Json::array();
  for (const Layer& layer : layers) {
    Json shape = Json::array();
    for (int axis = 1; axis < layer.y.rank(); ++axis) shape.push_back(layer.y[axis]);
    list.push_back({{"name", layer.name},
                    {"op", layer.op},
                    {"attributes", layer.attributes},
                    {"output_shape", shape},
                    {"parameters", layer.parameters},
                    {"multiply_adds", layer.multiply_adds}});
  }
  return list;
}

// "32x32x16"
std::string extents(const Shape& y) {
  std::string text;
  for (int axis = 1; axis < y.rank(); ++axis) text += join(axis > 1 ? "x" : "", y[axis]);
  return text.empty() ? "1" : text;
}

Json stages_json(const Graph& graph) {
  Json list = Json::array();
  for (const StageRow& row : stage_rows(graph))
    list.push_back({{"name", row.name},
                    {"output_shape", extents(row.y)},
                    {"layers", row.layers},
                    {"parameters", row.parameters},
                    {"multiply_adds", row.multiply_adds}});
  return list;
}

std::string table_of_stages(const Graph& graph) {
  Table table(
      {{"stage", Table::Align::left}, {"output"}, {"layers", Table::Align::left}, {"parameters"}, {"multiply-adds"}});
  for (const StageRow& row : stage_rows(graph))
    table.row({row.name, extents(row.y), row.layers, grouped(row.parameters), grouped(row.multiply_adds)});
  return table.str();
}

std::string table_of(const std::vector<Layer>& layers, const Cost& cost) {
  const auto number = [](int64_t n) { return n == 0 ? std::string() : grouped(n); };
  Table table({{"layer", Table::Align::left},
               {"op", Table::Align::left},
               {"attributes", Table::Align::left},
               {"output"},
               {"parameters"},
               {"multiply-adds"}});
  for (const Layer& l : layers)
    table.row({l.name, l.op, l.attributes, extents(l.y), number(l.parameters), number(l.multiply_adds)});
  table.rule();
  table.row({"total", "", "", "", grouped(cost.parameters), grouped(cost.multiply_adds)});
  return table.str();
}

}  // namespace

void model_info(const ModelQuestion& question, const Output& out) {
  const Graph graph = make_model(question.model, question.options);
  const Cost cost = graph.cost();
  const Shape& in = graph.input_shape();
  CompileOptions options = question.compile;
  if (options.batch == 0) options.batch = in[1] <= 64 ? 128 : 32;
  const Memory memory = training_memory(graph, options);
  const std::vector<Layer> layers = layers_of(graph);
  out.record({{"model", question.model},
              {"depth", depth_of(graph)},
              {"parameters", cost.parameters},
              {"multiply_adds", cost.multiply_adds},
              {"train_batch", options.batch},
              {"train_dtype", name_of(options.dtype)},
              {"train_memory_bytes", memory.all},
              {"train_arena_bytes", memory.arena},
              {"train_arena_bytes_no_reuse", memory.arena_no_reuse},
              {"train_parts", memory.parts},
              {"stages", stages_json(graph)},
              {"layers", to_json(layers)}});
  if (question.layers) out.print("{}\n", table_of(layers, cost));
  out.print("{}\n", table_of_stages(graph));
  out.print("{}: {} layers with weights, {} parameters ({}), {} multiply-adds ({}) for one {} picture\n",
            question.model, depth_of(graph), grouped(cost.parameters),
            human_count(static_cast<double>(cost.parameters)), grouped(cost.multiply_adds),
            human_count(static_cast<double>(cost.multiply_adds)), extents(in));
  out.print(
      "training at batch {} in {}: {} (activations and gradients {}, {} had every buffer a place of its own; weights "
      "and momentum {})\n",
      options.batch, name_of(options.dtype), human_bytes(static_cast<double>(memory.all)),
      human_bytes(static_cast<double>(memory.arena)), human_bytes(static_cast<double>(memory.arena_no_reuse)),
      human_bytes(static_cast<double>(memory.all - memory.arena)));
  if (memory.parts > 1)
    out.print("the network is taken in {} parts that are computed again in backward\n", memory.parts);
}

}  // namespace resnet::cli
