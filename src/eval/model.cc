#include "eval/model.h"

#include "core/check.h"
#include "engine/compile.h"

namespace resnet {

std::vector<std::pair<std::string, Shape>> wanted_params(const Graph& graph) {
  std::vector<std::pair<std::string, Shape>> wanted;
  for (const ParamSpec& spec : graph.params()) wanted.emplace_back(spec.suffix, spec.shape);
  return wanted;
}

Graph graph_of(const Checkpoint& checkpoint) {
  CHECK(!checkpoint.classes.empty(), "the checkpoint of ", checkpoint.model, " names no classes");
  ModelOptions options;
  options.classes = static_cast<int64_t>(checkpoint.classes.size());
  options.image_size = checkpoint.preprocessing.size;
  Graph graph = make_model(checkpoint.model, options);
  check_state_dict(checkpoint.weights, wanted_params(checkpoint.int8 ? int8_graph(graph) : graph),
                   "weights of " + checkpoint.model);
  return graph;
}

}  // namespace resnet
