#include "models/classifier_head.h"

#include "core/check.h"
#include "ops/adaptive_avg_pool.h"
#include "ops/dropout.h"
#include "ops/flatten.h"
#include "ops/linear.h"
#include "ops/relu.h"

namespace resnet {

namespace {

constexpr int64_t kHidden = 4096;

}  // namespace

void three_linear_layers(Graph& g, NodeId x, const ClassifierHead& head) {
  x = g.add("avgpool", std::make_shared<AdaptiveAvgPool>(AdaptiveAvgPool::Attributes{head.pooled}), {x});
  x = g.add("flatten", std::make_shared<Flatten>(), {x});
  int place = 0;
  const auto add = [&](std::shared_ptr<const Op> op) { x = g.add(join("classifier.", place++), std::move(op), {x}); };
  for (int layer = 0; layer < 2; ++layer) {
    const auto dropout = std::make_shared<Dropout>(Dropout::Attributes{.p = 0.5f, .stream = layer});
    if (head.dropout_first) add(dropout);
    add(std::make_shared<Linear>(Linear::Attributes{.out = kHidden, .f32_output = false}));
    add(std::make_shared<Relu>());
    if (!head.dropout_first) add(dropout);
  }
  add(std::make_shared<Linear>(Linear::Attributes{head.classes}));
}

}  // namespace resnet
