#include "engine/passes/absorb_add_relu.h"
#include "ops/conv.h"

namespace resnet {

Graph fuse_conv_add_relu(const Graph& graph, bool only_with_batch_norm) {
  return absorb_add_relu<Conv>(graph, "conv", [&](const Conv& c) { return c.a.folded_bn || !only_with_batch_norm; });
}

}  // namespace resnet
