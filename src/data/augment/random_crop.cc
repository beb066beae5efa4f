#include "data/augment/random_crop.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "data/resize.h"

namespace resnet {

namespace {

int64_t draw_between(int64_t least, int64_t most, Rng& rng) {
  return least + static_cast<int64_t>(rng.below(static_cast<uint32_t>(most - least + 1)));
}

// Halves go to the even number, as in Python.
int64_t rounded(double v) { return std::lrint(v); }

void crop_scaled(const Tensor& image, const Fit& fit, const Augmentation& a, Rng& rng, uint8_t* out) {
  const int64_t least = a.resize[0] > 0 ? a.resize[0] : fit.resize, most = a.resize[1] > 0 ? a.resize[1] : least;
  FitAxes axes = fit_axes(image.shape()[0], image.shape()[1],
                          Fit(fit.size, draw_between(least, most, rng), fit.interpolation));
  axes.down.first = draw_between(0, axes.down.out - fit.size, rng);
  axes.across.first = draw_between(0, axes.across.out - fit.size, rng);
  resize_window(image.as<uint8_t>().data(), image.shape()[1] * 3, axes.down, axes.across, fit.interpolation, out);
}

void crop_resized(const Tensor& image, const Fit& fit, const Augmentation& a, Rng& rng, uint8_t* out) {
  const int64_t stride = image.shape()[1] * 3;
  const Rectangle r = draw_rectangle(image.shape()[0], image.shape()[1], a, rng);
  const auto axis = [&](int64_t in) { return Axis{in, static_cast<double>(in), fit.size, 0, fit.size}; };
  resize_window(image.as<uint8_t>().data() + r.top * stride + r.left * 3, stride, axis(r.height), axis(r.width),
                fit.interpolation, out);
}

}  // namespace

Rectangle draw_rectangle(int64_t height, int64_t width, const Augmentation& a, Rng& rng) {
  const double area = static_cast<double>(height) * static_cast<double>(width);
  for (int attempt = 0; attempt < 10; ++attempt) {
    const double wanted = area * rng.uniform(a.area[0], a.area[1]);
    const double ratio = std::exp(rng.uniform(std::log(a.ratio[0]), std::log(a.ratio[1])));
    const int64_t w = rounded(std::sqrt(wanted * ratio)), h = rounded(std::sqrt(wanted / ratio));
    if (w < 1 || h < 1 || w > width || h > height) continue;
    const int64_t top = draw_between(0, height - h, rng);
    return {top, draw_between(0, width - w, rng), h, w};
  }
  const double shape = static_cast<double>(width) / static_cast<double>(height);
  const double ratio = std::clamp<double>(shape, a.ratio[0], a.ratio[1]);
  int64_t w = width, h = height;
  if (shape < ratio) h = std::max<int64_t>(1, rounded(static_cast<double>(w) / ratio));
  if (shape > ratio) w = std::max<int64_t>(1, rounded(static_cast<double>(h) * ratio));
  return {(height - h) / 2, (width - w) / 2, h, w};
}

void random_crop(const Tensor& image, const Fit& fit, const Augmentation& a, Rng& rng, uint8_t* out) {
  const Shape& shape = image.shape();
  CHECK(shape.rank() == 3 && shape[2] == 3 && shape[0] > 0 && shape[1] > 0, "a picture of shape ", shape,
        "; [height,width,3] was expected");
  if (a.crop == Augmentation::Crop::random)
    crop_scaled(image, fit, a, rng, out);
  else
    crop_resized(image, fit, a, rng, out);
}

}  // namespace resnet
