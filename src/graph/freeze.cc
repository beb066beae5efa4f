// Stages by the names of nodes, and networks whose first stages are not trained.
#include <algorithm>

#include "core/check.h"
#include "resnet/graph.h"

namespace resnet {

namespace {

/// "layer2" of "layer2.0.conv1", "features" of "features.3", empty of what lies outside of both.
std::string stage_in(const std::string& name) {
  const std::string first = name.substr(0, name.find('.'));
  return first.size() < name.size() && (first == "features" || first.starts_with("layer")) ? first : "";
}

/// Of every node: "stem" before the first stage, empty behind the last one and where there are none.
std::vector<std::string> stage_of_nodes(const Graph& graph) {
  std::vector<std::string> of;
  for (const Node& node : graph.nodes()) of.push_back(stage_in(node.name));
  const auto first = std::find_if(of.begin(), of.end(), [](const std::string& stage) { return !stage.empty(); });
  if (first != of.end()) std::fill(of.begin(), first, "stem");
  return of;
}

}  // namespace

std::vector<std::string> stages(const Graph& graph) {
  std::vector<std::string> of = stage_of_nodes(graph);
  of.erase(of.begin());  // the picture
  of.erase(std::unique(of.begin(), of.end()), of.end());
  std::erase(of, "");
  return of;
}

Graph freeze(const Graph& graph, const std::string& stage) {
  const std::vector<std::string> names = stages(graph);
  if (std::find(names.begin(), names.end(), stage) == names.end()) {
    std::string list;
    for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
    throw Error(join("there is no stage '", stage, "' to freeze; ",
                     list.empty() ? "this network is not divided into stages" : "this network has " + list));
  }
  const std::vector<std::string> of = stage_of_nodes(graph);
  const auto frozen = static_cast<NodeId>(of.rend() - std::find(of.rbegin(), of.rend(), stage));  // so many nodes
  Graph result;
  result.input(graph.input_shape()[1], graph.input_shape()[2], graph.input_shape()[3]);
  for (NodeId id = 1; id <= graph.output(); ++id) {
    Node node = graph.node(id);
    node.frozen = id < frozen;
    result.add(std::move(node));
  }
  return result;
}

}  // namespace resnet
