#include "data/augment/mix.h"

#include <algorithm>
#include <cmath>

namespace resnet {

namespace {

// Gamma with scale 1: Marsaglia and Tsang, "A simple method for generating gamma variables" (2000).
double draw_gamma(double shape, Rng& rng) {
  if (shape < 1) {
    const double u = 1.0 - rng.uniform();
    return draw_gamma(shape + 1, rng) * std::pow(u, 1 / shape);
  }
  const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  while (true) {
    const double x = rng.normal(), v = std::pow(1 + c * x, 3);
    const double u = 1.0 - rng.uniform();
    if (v > 0 && std::log(u) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

// Calls body(a, b) for the pictures of every pair; the middle one of an odd number has none.
template <class Body> void for_pairs(Batch& batch, const Body& body) {
  const Shape& s = batch.images.shape();
  const int64_t values = s[1] * s[2] * s[3];
  for (int64_t i = 0; i < batch.count / 2; ++i)
    body(batch.images.f32() + i * values, batch.images.f32() + (batch.count - 1 - i) * values);
}

void mix_pixels(Batch& batch, float share) {
  const Shape& s = batch.images.shape();
  const int64_t values = s[1] * s[2] * s[3];
  for_pairs(batch, [&](float* a, float* b) {
    for (int64_t k = 0; k < values; ++k) {
      const float x = a[k], y = b[k];
      a[k] = share * x + (1 - share) * y;
      b[k] = share * y + (1 - share) * x;
    }
  });
}

// Swaps a box with its centre anywhere, cut off at the border, of a side of sqrt(1 - share). Returns what share is left.
float swap_boxes(Batch& batch, float share, Rng& rng) {
  const int64_t size = batch.images.shape()[1];
  const auto side = static_cast<int64_t>(static_cast<float>(size) * std::sqrt(1 - share));
  const auto range = [&](int64_t& begin, int64_t& end) {
    const auto centre = static_cast<int64_t>(rng.below(static_cast<uint32_t>(size)));
    begin = std::max<int64_t>(0, centre - side / 2);
    end = std::min(size, centre - side / 2 + side);
  };
  int64_t top, bottom, left, right;
  range(top, bottom);
  range(left, right);
  for_pairs(batch, [&](float* a, float* b) {
    for (int64_t y = top; y < bottom; ++y)
      std::swap_ranges(a + (y * size + left) * 3, a + (y * size + right) * 3, b + (y * size + left) * 3);
  });
  return 1 - static_cast<float>((bottom - top) * (right - left)) / static_cast<float>(size * size);
}

}  // namespace

float draw_beta(float alpha, Rng& rng) {
  const double x = draw_gamma(alpha, rng), y = draw_gamma(alpha, rng);
  return x + y > 0 ? static_cast<float>(x / (x + y)) : 0.5f;
}

void mix(Batch& batch, const Augmentation& a, Rng& rng) {
  const bool both = a.mixup > 0 && a.cutmix > 0;
  const bool cut = both ? rng.below(2) == 1 : a.cutmix > 0;
  const float share = draw_beta(cut ? a.cutmix : a.mixup, rng);
  for (int64_t i = 0; i < batch.count; ++i) batch.other_labels.i32()[i] = batch.labels.i32()[batch.count - 1 - i];
  batch.share = share;
  if (cut)
    batch.share = swap_boxes(batch, share, rng);
  else
    mix_pixels(batch, share);
}

}  // namespace resnet
