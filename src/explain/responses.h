// How strongly the layers of a network respond (Figure 7 of the paper): residual functions are meant to be small.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "resnet/checkpoint.h"
#include "resnet/data.h"
#include "resnet/eval.h"

namespace resnet {

struct LayerResponse {
  std::string layer;  ///< of the convolution
  int64_t index = 0;  ///< its place among the 3x3 layers, from 1
  int64_t rank = 0;   ///< its place among them by standard deviation, the largest first, from 1
  double std = 0;
};

struct ResponseOptions {
  int64_t batch = 128;
  int64_t pictures = 0;  ///< the first ones of the data; 0: all
  int workers = 2;
};

/// The standard deviation of every 3x3 convolution's response: behind its batch norm (if there is one) and before ReLU and
/// addition, over all pictures, pixels and channels, in f32 with batch norm's running statistics. In the network's order.
/// Throws Error for int8 weights, a network without such layers, data of no pictures, and responses that are not finite.
std::vector<LayerResponse> layer_responses(const Checkpoint& checkpoint, std::shared_ptr<const Dataset> data,
                                           const ResponseOptions& options = {}, const ProgressFn& progress = {});

}  // namespace resnet
