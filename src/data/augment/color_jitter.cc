#include "data/augment/color_jitter.h"

#include <algorithm>
#include <numeric>

#include "data/augment/enhance.h"

namespace resnet {

bool jitters_color(const Augmentation& a) {
  return a.brightness > 0 || a.contrast > 0 || a.saturation > 0 || a.hue > 0;
}

void color_jitter(Pixels p, const Augmentation& a, Rng& rng) {
  int order[4] = {0, 1, 2, 3};
  for (uint32_t left = 4; left > 1; --left) std::swap(order[left - 1], order[rng.below(left)]);
  const auto factor = [&](float most) { return rng.uniform(std::max(0.0f, 1 - most), 1 + most); };
  const float brightness = factor(a.brightness), contrast = factor(a.contrast), saturation = factor(a.saturation);
  const float hue = rng.uniform(-a.hue, a.hue);
  for (const int change : order) {
    if (change == 0 && a.brightness > 0) adjust_brightness(p, brightness);
    if (change == 1 && a.contrast > 0) adjust_contrast(p, contrast);
    if (change == 2 && a.saturation > 0) adjust_saturation(p, saturation);
    if (change == 3 && a.hue > 0) adjust_hue(p, hue);
  }
}

}  // namespace resnet
