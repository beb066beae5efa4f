#include "data/augment/erase.h"

#include <algorithm>
#include <cmath>

namespace resnet {

void erase(float* picture, int64_t size, float probability, Rng& rng) {
  if (rng.uniform() >= probability) return;
  const double area = static_cast<double>(size) * static_cast<double>(size);
  for (int attempt = 0; attempt < 10; ++attempt) {
    const double erased = area * rng.uniform(0.02f, 0.33f);
    const double ratio = std::exp(rng.uniform(std::log(0.3f), std::log(3.3f)));
    const int64_t h = std::lrint(std::sqrt(erased * ratio)), w = std::lrint(std::sqrt(erased / ratio));
    if (h >= size || w >= size) continue;
    const auto top = static_cast<int64_t>(rng.below(static_cast<uint32_t>(size - h + 1)));
    const auto left = static_cast<int64_t>(rng.below(static_cast<uint32_t>(size - w + 1)));
    for (int64_t y = top; y < top + h; ++y) std::fill_n(picture + (y * size + left) * 3, w * 3, 0.0f);
    return;
  }
}

}  // namespace resnet
