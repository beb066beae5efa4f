// How much the pictures of each class count in the loss.
#pragma once

#include <string>
#include <vector>

#include "resnet/data.h"

namespace resnet {

/// `setting` as train.class_weights: empty (no weights), "balanced": pictures / (classes · pictures of the class), or one
/// number a class, in the order of the classes. Throws Error for anything else.
std::vector<float> class_weights(const std::string& setting, const Dataset& train);

}  // namespace resnet
