// Random squares of a picture of any size, in the network's size: of a random scale, or of random area and shape.
#pragma once

#include <functional>

#include "core/rng.h"
#include "resnet/data.h"

namespace resnet {

/// A rectangle of a share of the area from a.area and of a width by height from a.ratio, where ten draws find one that fits,
/// else the largest of such a shape in the centre (torchvision's RandomResizedCrop).
Rectangle draw_rectangle(int64_t height, int64_t width, const Augmentation& a, Rng& rng);

/// Reads some of a picture's pixels (Dataset::part).
using ReadPart = std::function<PicturePart(const ChoosePart&)>;

/// A picture -> u8 [size,size,3] at `out`, as a.crop says (random or resized). `fit`: evaluation's size, filter and shorter
/// side.
void random_crop(const ReadPart& read, const Fit& fit, const Augmentation& a, Rng& rng, uint8_t* out);

}  // namespace resnet
