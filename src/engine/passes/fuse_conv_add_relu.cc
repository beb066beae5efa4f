#include "engine/passes/absorb_add_relu.h"
#include "ops/conv.h"

namespace resnet {

Graph fuse_conv_add_relu(const Graph& graph) { return absorb_add_relu<Conv>(graph, "conv"); }

}  // namespace resnet
