// Brightness, contrast, saturation, sharpness and hue of a picture, with the roundings of Pillow, so that a factor gives the
// same bytes as in training pipelines built on it.
#pragma once

#include <vector>

#include "data/augment/pixels.h"

namespace resnet {

/// Each blends the picture with one that lacks the quality: black, its mean grey, its greys, a smoothed one. Factor 1 leaves
/// it alone, 0 gives the other one, more than 1 goes beyond. Factors are not negative.
void adjust_brightness(Pixels picture, float factor);
void adjust_contrast(Pixels picture, float factor);
void adjust_saturation(Pixels picture, float factor);
void adjust_sharpness(Pixels picture, float factor, std::vector<uint8_t>& scratch);

/// Turns the hue by a share of the circle, -1/2 to 1/2.
void adjust_hue(Pixels picture, float turn);

}  // namespace resnet
