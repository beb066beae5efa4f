// Networks by name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "resnet/graph.h"
#include "resnet/tensor.h"

namespace resnet {

struct ModelOptions {
  int64_t classes = 0;     ///< 0: the model's own default (10 for cifar-*, 1000 for the others)
  int64_t image_size = 0;  ///< side of the square input; 0: 32 for cifar-*, 224 for the others
  int64_t bn_group = 0;    ///< see BatchNorm: statistics over groups of this many pictures (0: the whole batch)
  float bn_momentum = 0.1f;
  float bn_eps = 1e-5f;
};

/// "resnet50", "resnet34-a", "resnet50-v1", "plain18", "cifar-resnet20", "cifar-plain56", "cifar-resnet20-b", …
/// Throws Error for an unknown name, suggesting the nearest one.
Graph make_model(const std::string& name, const ModelOptions& options = {});

/// Names for listings; families with a free depth appear as one example each ("cifar-resnet20").
std::vector<std::string> model_names();

/// He initialisation (He et al. 2015, normal, variance 2/fan) of convolutions; linear layers as in torchvision
/// (uniform ±1/sqrt(fan_in)); batch norm weight 1, bias 0, running mean 0, running variance 1.
struct InitOptions {
  uint64_t seed = 0;
  bool fan_out = true;        ///< else fan_in
  bool identity = false;      ///< the first filters of a convolution pass its input on, as many as it has inputs
  bool zero_last_bn = false;  ///< weight 0 in the last batch norm of every residual branch
};
StateDict init_params(const Graph& graph, const InitOptions& options = {});

}  // namespace resnet
