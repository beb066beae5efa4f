// The four layers that Krizhevsky et al. 2012 (section 3.1, figure 1) trained on CIFAR-10 with ReLU and with tanh: three 5×5
// convolutions with pooling and a linear layer. Their sizes are not printed there; these are those of the small networks of
// the time.
#include "models/registry.h"
#include "ops/conv.h"
#include "ops/flatten.h"
#include "ops/linear.h"
#include "ops/pool.h"
#include "ops/relu.h"
#include "ops/tanh.h"

namespace resnet {

namespace {

constexpr int64_t kChannels[] = {32, 32, 64};

Graph build(const std::shared_ptr<const Op>& activation, const ModelOptions& options) {
  const int64_t size = options.image_size ? options.image_size : 32;
  Graph g;
  NodeId x = g.input(size, size, 3);
  int n = 0;
  for (const int64_t channels : kChannels) {
    ++n;
    const Conv::Attributes conv{.out = channels, .kernel = 5, .pad = 2, .bias = true};
    x = g.add("conv" + std::to_string(n), std::make_shared<Conv>(conv), {x});
    x = g.add("act" + std::to_string(n), activation, {x});
    x = g.add("pool" + std::to_string(n), std::make_shared<MaxPool>(PoolAttributes{3, 2, 1}), {x});
  }
  x = g.add("flatten", std::make_shared<Flatten>(), {x});
  g.add("fc", std::make_shared<Linear>(Linear::Attributes{options.classes ? options.classes : 10}), {x});
  return g;
}

std::optional<Graph> make(const std::string& name, const ModelOptions& options) {
  if (name == "cifar-convnet") return build(std::make_shared<Relu>(), options);
  if (name == "cifar-convnet-tanh") return build(std::make_shared<Tanh>(), options);
  return std::nullopt;
}

const RegisterModels registered{{{"cifar-convnet", "cifar-convnet-tanh"}, make}};

}  // namespace

}  // namespace resnet
