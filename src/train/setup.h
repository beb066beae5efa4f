// Everything a run starts from, made from the settings: data, network, weights, and on resume the state it was left in.
#pragma once

#include <string>
#include <vector>

#include "resnet/train.h"
#include "train/state.h"

namespace resnet {

struct TrainSetup {
  TrainConfig config;  ///< resolved
  DataSplits data;
  Graph graph, eval_graph;  ///< the same network; batch norm groups matter in training only
  Preprocessing preprocessing;
  StateDict weights, momentum, ema;  ///< momentum and ema are empty for a new run
  std::vector<float> class_weights;  ///< empty: none
  TrainState state;
  std::vector<std::string> notes;
};

/// `resume_from`: a last.safetensors, or empty for a new run. Throws Error when it belongs to another run.
TrainSetup prepare(const TrainConfig& config, const std::string& resume_from);

/// How the network is compiled for training on so many pictures, and how its training pictures come.
CompileOptions compile_options(const TrainSetup& setup, int64_t batch);
LoaderOptions loader_options(const TrainConfig& config);

}  // namespace resnet
