// Networks as ONNX files (opset 17), for ONNX Runtime and whatever else reads
// them.
#pragma once

#include <map>
#include <string>

#include "resnet/graph.h"

namespace resnet::onnx {

/// The file's bytes. `graph` is a network for inference, with batch norms or
/// (after fold_batch_norm) without; the input is "input" [N,3,H,W] with any N,
/// the output "logits" [N,K]. Throws Error for an op that ONNX cannot express.
std::string export_network(const Graph& graph, const StateDict& weights,
                           const std::map<std::string, std::string>& metadata);

}  // namespace resnet::onnx
