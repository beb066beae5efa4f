// TrivialAugment (Wide) of Müller and Hutter (arXiv 2103.10158): one change of a picture, drawn evenly, of a strength drawn
// evenly. Changes and strengths are torchvision's.
#pragma once

#include <vector>

#include "core/rng.h"
#include "data/augment/pixels.h"

namespace resnet {

enum class Change {
  identity,
  shear_x,
  shear_y,
  translate_x,
  translate_y,
  rotate,
  brightness,
  color,
  contrast,
  sharpness,
  posterize,
  solarize,
  autocontrast,
  equalize,
};
constexpr int kChanges = 14;
constexpr int kStrengths = 31;

/// Strength 0 to kStrengths-1; `negative` turns round those changes that have two directions.
void apply_change(Pixels picture, Change change, int strength, bool negative, std::vector<uint8_t>& scratch);

void trivial_augment(Pixels picture, Rng& rng, std::vector<uint8_t>& scratch);

}  // namespace resnet
