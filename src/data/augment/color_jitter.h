// Random brightness, contrast, saturation and hue, in random order (torchvision's ColorJitter).
#pragma once

#include "core/rng.h"
#include "data/augment/pixels.h"
#include "resnet/data.h"

namespace resnet {

bool jitters_color(const Augmentation& a);
void color_jitter(Pixels picture, const Augmentation& a, Rng& rng);

}  // namespace resnet
