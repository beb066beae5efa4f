// The three linear layers with dropout that end VGG and AlexNet, named as in torchvision ("classifier.0" …).
#pragma once

#include "resnet/graph.h"

namespace resnet {

struct ClassifierHead {
  int64_t pooled = 7;          ///< side of what the features are pooled to
  bool dropout_first = false;  ///< AlexNet: a dropout before each of the first two layers; VGG: behind them
  int64_t classes = 1000;
};

void three_linear_layers(Graph& g, NodeId x, const ClassifierHead& head);

}  // namespace resnet
