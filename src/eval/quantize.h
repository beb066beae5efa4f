// Post-training quantisation: from f32 weights and some pictures to the parameters of an int8 network.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "resnet/checkpoint.h"
#include "resnet/graph.h"

namespace resnet {

struct QuantizeOptions {
  std::string method = "auto";  ///< of choosing ranges: max, percentile, mse, or the one with the smallest error
  int64_t pictures = 512;       ///< to calibrate on; fewer when the data has fewer
  int64_t batch = 64;
};

struct Quantized {
  StateDict weights;  ///< of the int8 network
  std::string method;
  /// Of every method that was tried: the squared error of the logits, relative to their squares.
  std::vector<std::pair<std::string, double>> errors;
};

/// `graph`: the network before the passes; `weights`: its f32 parameters; `batches`: f32 [N,H,W,C], all of one shape.
Quantized quantize(const Graph& graph, StateDict weights, const std::vector<Tensor>& batches,
                   const std::string& method = "auto");

/// Calibrates on the first pictures of the data, in a random but fixed order. Throws Error for a checkpoint that is
/// quantised already.
struct QuantizedCheckpoint {
  Checkpoint checkpoint;
  Quantized details;  ///< without the weights
  int64_t pictures = 0;
};
QuantizedCheckpoint quantize(const Checkpoint& checkpoint, std::shared_ptr<const Dataset> data,
                             const QuantizeOptions& options);

}  // namespace resnet
