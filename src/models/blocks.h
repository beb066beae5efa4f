// The building blocks of the paper (section 3.3 and figure 5), shared by the ImageNet and the CIFAR networks.
#pragma once

#include <string>

#include "resnet/graph.h"
#include "resnet/models.h"

namespace resnet {

/// Shortcut options of section 4.1: A pads with zero channels, B projects where the shape changes, C projects always;
/// none makes a plain network.
enum class Shortcut { none, a, b, c };

struct BlockStyle {
  Shortcut shortcut = Shortcut::b;
  // Of bottlenecks:
  bool stride_in_first = false;  ///< stride in the first 1×1 (the paper's) instead of the 3×3
  int64_t groups = 1;            ///< of the 3×3 (ResNeXt)
  int64_t group_width = 64;      ///< channels a group of the 3×3 has where the block's width is 64 (ResNeXt, wide)
  ModelOptions options;
};

struct ConvLayer {
  int64_t out = 0, kernel = 1, stride = 1, groups = 1;
  bool bias = false;
};

NodeId conv(Graph& g, const std::string& name, NodeId x, const ConvLayer& shape);  ///< with "same" padding
NodeId batch_norm(Graph& g, const std::string& name, NodeId x, const ModelOptions& options);
NodeId conv_bn(Graph& g, const std::string& conv_name, const std::string& bn_name, NodeId x, const ConvLayer& shape,
               const ModelOptions& options);

/// Two 3×3 convolutions of `width` channels. `block` is "layer1.0".
NodeId basic_block(Graph& g, const std::string& block, NodeId x, int64_t width, int64_t stride,
                   const BlockStyle& style);
/// 1×1, 3×3 of width·group_width/64·groups channels, 1×1 with 4·width channels out.
NodeId bottleneck(Graph& g, const std::string& block, NodeId x, int64_t width, int64_t stride, const BlockStyle& style);

/// The classifier: global average pooling and a linear layer named "fc".
NodeId head(Graph& g, NodeId x, int64_t classes);

}  // namespace resnet
