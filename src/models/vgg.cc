// VGG (Simonyan and Zisserman, arXiv 1409.1556), as torchvision has it: 3×3 convolutions, 2×2 max pooling after each of
// five stages, three linear layers with dropout. A depth is a row of the table.
#include <array>

#include "core/check.h"
#include "models/blocks.h"
#include "models/classifier_head.h"
#include "models/registry.h"
#include "ops/conv.h"
#include "ops/pool.h"
#include "ops/relu.h"

namespace resnet {

namespace {

struct Row {
  const char* name;
  std::array<int, 5> convolutions;  // in each stage
};

constexpr Row kRows[] = {
    {"vgg11", {1, 1, 2, 2, 2}}, {"vgg13", {2, 2, 2, 2, 2}}, {"vgg16", {2, 2, 3, 3, 3}}, {"vgg19", {2, 2, 4, 4, 4}}};
constexpr int64_t kWidths[] = {64, 128, 256, 512, 512};

Graph build(const Row& row, bool batch_norm, const ModelOptions& options) {
  const int64_t size = options.image_size ? options.image_size : 224;
  Graph g;
  NodeId x = g.input(size, size, 3);
  int place = 0;  // in torchvision's list of feature layers
  const auto next = [&] { return join("features.", place++); };
  for (size_t stage = 0; stage < row.convolutions.size(); ++stage) {
    for (int i = 0; i < row.convolutions[stage]; ++i) {
      const std::string conv = next();
      if (batch_norm)
        x = conv_bn(g, conv, next(), x, {.out = kWidths[stage], .kernel = 3, .bias = true}, options);
      else
        x = g.add(conv,
                  std::make_shared<Conv>(Conv::Attributes{.out = kWidths[stage], .kernel = 3, .pad = 1, .bias = true}),
                  {x});
      x = g.add(next(), std::make_shared<Relu>(), {x});
    }
    x = g.add(next(), std::make_shared<MaxPool>(PoolAttributes{2, 2, 0}), {x});
  }
  three_linear_layers(g, x, {.pooled = 7, .dropout_first = false, .classes = options.classes ? options.classes : 1000});
  return g;
}

std::optional<Graph> make(const std::string& name, const ModelOptions& options) {
  for (const Row& row : kRows)
    for (const bool batch_norm : {false, true})
      if (name == std::string(row.name) + (batch_norm ? "_bn" : "")) return build(row, batch_norm, options);
  return std::nullopt;
}

const RegisterModels registered{
    {{"vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19", "vgg19_bn"}, make}};

}  // namespace

}  // namespace resnet
