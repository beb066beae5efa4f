// From a graph to steps: passes, kernels, the backward schedule and buffers, each with its place in one arena.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/arena.h"
#include "engine/memory_plan.h"
#include "ops/kernel.h"
#include "resnet/plan.h"

namespace resnet {

/// One node as it runs. Buffers are indices into Compiled::buffers, -1 where there is none.
struct Step {
  NodeId node = 0;
  std::unique_ptr<Kernel> kernel;
  std::string why;  ///< why a better kernel was not taken
  int y = -1, dy = -1;
  std::array<int, 2> x{-1, -1};
  std::array<int, 2> dx{-1, -1};      ///< where backward writes the gradient of x[i]
  std::array<int, 2> add_to{-1, -1};  ///< dx[i] is then added to this buffer (kernels that cannot accumulate)
  std::array<bool, 2> accumulate{};
  int saved = -1, forward_workspace = -1, backward_workspace = -1;
  int x_deferral = -1, y_deferral = -1;  ///< of a deferred normalisation of x[0] and of y
  NodeId delegator = 0;                  ///< the node of x[0], if it leaves the sums of its gradient to this one
};

struct Compiled {
  Graph graph;                ///< after the passes; ends with the loss in train mode
  std::vector<Shape> shapes;  ///< of every node
  std::vector<DType> dtypes;
  std::vector<Step> steps;  ///< in forward order, one a node except the input
  std::vector<BufferLife> buffers;
  MemoryPlan memory;
  std::map<std::string, std::string> choices;  ///< as in Plan
  int input = -1;                              ///< buffer of the input in the plan's dtype
  int logits = -1;
};

/// Throws Error when a shape does not fit or no kernel takes a node.
Compiled compile(const Graph& graph, const CompileOptions& options);

}  // namespace resnet
