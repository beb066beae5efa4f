// Classification networks in ONNX files, as PyTorch and the ONNX zoo export
// them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "io/onnx/model.h"
#include "resnet/graph.h"

namespace resnet::onnx {

struct Network {
  Graph graph;
  StateDict weights;  ///< under the graph's keys
  std::map<std::string, std::string> metadata;
  std::vector<std::string> notes;
};

/// Throws Error listing every kind of node that is not supported and how many
/// there are of it.
Network import_network(const Model& model, const std::string& file);

}  // namespace resnet::onnx
