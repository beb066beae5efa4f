#include "data/augment/trivial_augment.h"

#include <cmath>

#include "data/augment/affine.h"
#include "data/augment/enhance.h"
#include "data/augment/tone.h"

namespace resnet {

namespace {

// The strongest a change gets; 0 where the strength has no meaning.
double most(Change change) {
  switch (change) {
    case Change::identity:
    case Change::autocontrast:
    case Change::equalize:
      return 0;
    case Change::translate_x:
    case Change::translate_y:
      return 32;  // pixels
    case Change::rotate:
      return 135;  // degrees
    case Change::posterize:
      return 6;  // bits lost
    case Change::solarize:
      return 255;
    default:
      return 0.99;
  }
}

bool has_two_directions(Change change) { return change >= Change::shear_x && change <= Change::sharpness; }

}  // namespace

void apply_change(Pixels p, Change change, int strength, bool negative, std::vector<uint8_t>& scratch) {
  // In f32, as torchvision's table of strengths is.
  const double amount = static_cast<float>(most(change) * strength / (kStrengths - 1));
  const double signed_amount = negative ? -amount : amount;
  const auto factor = static_cast<float>(1 + signed_amount);
  switch (change) {
    case Change::identity:
      return;
    case Change::shear_x:
      return transform(p, shear_x(signed_amount), scratch);
    case Change::shear_y:
      return transform(p, shear_y(signed_amount), scratch);
    case Change::translate_x:
      return transform(p, translation(std::trunc(signed_amount), 0), scratch);
    case Change::translate_y:
      return transform(p, translation(0, std::trunc(signed_amount)), scratch);
    case Change::rotate:
      return transform(p, rotation(signed_amount, p.height, p.width), scratch);
    case Change::brightness:
      return adjust_brightness(p, factor);
    case Change::color:
      return adjust_saturation(p, factor);
    case Change::contrast:
      return adjust_contrast(p, factor);
    case Change::sharpness:
      return adjust_sharpness(p, factor, scratch);
    case Change::posterize:
      return posterize(p, 8 - static_cast<int>(std::nearbyint(amount)));
    case Change::solarize:
      return solarize(p, 255 - amount);
    case Change::autocontrast:
      return autocontrast(p);
    case Change::equalize:
      return equalize(p);
  }
}

void trivial_augment(Pixels p, Rng& rng, std::vector<uint8_t>& scratch) {
  const auto change = static_cast<Change>(rng.below(kChanges));
  const int strength = most(change) > 0 ? static_cast<int>(rng.below(kStrengths)) : 0;
  const bool negative = has_two_directions(change) && rng.below(2) == 1;
  apply_change(p, change, strength, negative, scratch);
}

}  // namespace resnet
