// A network as the paper's Table 1 prints it: a row a stage, repeated blocks folded into one.
#pragma once

#include <string>
#include <vector>

#include "resnet/graph.h"

namespace resnet::cli {

/// "layer2.0.conv1" is in stage "layer2", block "layer2.0"; "conv1" in a stage and block of its own.
struct Place {
  std::string stage, block;
};
Place place_of(const std::string& name);

struct StageRow {
  std::string name;    ///< "layer2", "features" …: the first part of its nodes' names
  Shape y;             ///< of one picture, behind the stage
  std::string layers;  ///< "[1x1, 128; 3x3, 128; 1x1, 512] x4"
  int64_t parameters = 0, multiply_adds = 0;
};

std::vector<StageRow> stage_rows(const Graph& graph);

}  // namespace resnet::cli
