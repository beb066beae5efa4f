#include "engine/passes/absorb_add_relu.h"
#include "ops/batch_norm.h"

namespace resnet {

Graph fuse_batch_norm_add_relu(const Graph& graph) {
  return absorb_add_relu<BatchNorm>(graph, "batch_norm", [](const BatchNorm&) { return true; });
}

}  // namespace resnet
