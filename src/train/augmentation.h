// What a recipe says about augmentation, as the loader takes it.
#pragma once

#include "resnet/train.h"

namespace resnet {

/// Of a resolved recipe (data.crop is not "auto").
Augmentation augmentation_of(const TrainConfig& config);
/// Throws Error for values of [data] that do not go together.
void validate_augmentation(const TrainConfig& config);

}  // namespace resnet
