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

/// Buffers are indices into Compiled::buffers, -1 where there is none.
struct ForwardBuffers {
  std::array<int, 2> x{-1, -1};
  int y = -1, saved = -1, workspace = -1;
  int x_deferral = -1, y_deferral = -1;  ///< of a deferred normalisation of x[0] and of y
};
struct GradientBuffers {
  int dy = -1, workspace = -1;
  int dw = -1;                        ///< of all trainable parameters, in their order, each at a multiple of 64 bytes
  std::array<int, 2> dx{-1, -1};      ///< where backward writes the gradient of x[i]
  std::array<int, 2> add_to{-1, -1};  ///< dx[i] is then added to this buffer (kernels that cannot accumulate)
  std::array<bool, 2> accumulate{};
};

/// One node as it runs.
struct Step {
  NodeId node = 0;
  std::shared_ptr<Kernel> kernel;  ///< shared only by plans of the same graph that take turns, or where it is reentrant
  std::string why;                 ///< why a better kernel was not taken
  bool backward = false;           ///< takes part in the backward pass
  bool deferred = false;           ///< the normalisation of y is left to its reader
  NodeId delegator = 0;            ///< the node of x[0], if it leaves the sums of its gradient to this one
  ForwardBuffers forward;
  ForwardBuffers kept;  ///< what backward reads: those of forward, or of its repetition
  GradientBuffers gradient;
  bool repeated = false;   ///< computed again before its backward (checkpointing.h)
  NodeId repeat_from = 0;  ///< before its backward, nodes from this one to the one before are computed again; 0: none
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

/// Of a node's output.
size_t value_bytes(const Compiled& c, NodeId id);
/// Of a parameter's gradient in GradientBuffers::dw; 0 where it is not trained.
size_t gradient_bytes(const ParamSpec& p);
/// Weights and momentum (f32), and the arena.
int64_t training_bytes(const Compiled& c);

/// What a plan for inference runs: the graph after the passes.
Graph fused_graph(const Graph& graph);
/// What a plan in int8 runs. Its parameters are those of a quantised checkpoint.
Graph int8_graph(const Graph& graph);

/// Throws Error for options that exclude each other.
void check_options(const CompileOptions& options);
/// The graph after the passes for this mode and dtype.
Graph optimized_graph(Graph graph, const CompileOptions& options);

/// Of a graph after the passes, whose input comes in the given dtype. Kernels that allow it are those of `like`, which was
/// compiled from the same, when it is given.
Compiled compile_fused(const Graph& graph, const CompileOptions& options, DType input, const Compiled* like = nullptr);

/// Throws Error when a shape does not fit or no kernel takes a node.
Compiled compile(const Graph& graph, const CompileOptions& options);

}  // namespace resnet
