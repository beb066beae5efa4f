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

FitAxes scaled_axes(int64_t height, int64_t width, const Fit& fit, const Augmentation& a, Rng& rng) {
  const int64_t least = a.resize[0] > 0 ? a.resize[0] : fit.resize, most = a.resize[1] > 0 ? a.resize[1] : least;
  FitAxes axes = fit_axes(height, width, Fit(fit.size, draw_between(least, most, rng), fit.interpolation));
  axes.down.first = draw_between(0, axes.down.out - fit.size, rng);
  axes.across.first = draw_between(0, axes.across.out - fit.size, rng);
  return axes;
}

void crop_scaled(const ReadPart& read, const Fit& fit, const Augmentation& a, Rng& rng, uint8_t* out) {
  const PicturePart part = read([&](int64_t height, int64_t width) {
    Rng draw = rng;
    const FitAxes axes = scaled_axes(height, width, fit, a, draw);
    const Range rows = samples_of(axes.down, fit.interpolation), columns = samples_of(axes.across, fit.interpolation);
    return Rectangle{rows.first, columns.first, rows.count, columns.count};
  });
  FitAxes axes = scaled_axes(part.height, part.width, fit, a, rng);
  axes.down.origin = part.top;
  axes.across.origin = part.left;
  resize_window(part.pixels.as<uint8_t>().data(), part.pixels.shape()[1] * 3, axes.down, axes.across, fit.interpolation,
                out);
}

// The rectangle is cut out before it is scaled, so that nothing around it matters.
void crop_resized(const ReadPart& read, const Fit& fit, const Augmentation& a, Rng& rng, uint8_t* out) {
  const PicturePart part = read([&](int64_t height, int64_t width) {
    Rng draw = rng;
    return draw_rectangle(height, width, a, draw);
  });
  const Rectangle r = draw_rectangle(part.height, part.width, a, rng);
  const int64_t stride = part.pixels.shape()[1] * 3;
  const auto axis = [&](int64_t in) { return Axis{in, static_cast<double>(in), fit.size, 0, fit.size}; };
  const uint8_t* corner = part.pixels.as<uint8_t>().data() + (r.top - part.top) * stride + (r.left - part.left) * 3;
  resize_window(corner, stride, axis(r.height), axis(r.width), fit.interpolation, out);
}

}  // namespace

Rectangle draw_rectangle(int64_t height, int64_t width, const Augmentation& a, Rng& rng) {
  CHECK(height > 0 && width > 0, "a picture of ", height, "x", width, " pixels");
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

void random_crop(const ReadPart& read, const Fit& fit, const Augmentation& a, Rng& rng, uint8_t* out) {
  if (a.crop == Augmentation::Crop::random)
    crop_scaled(read, fit, a, rng, out);
  else
    crop_resized(read, fit, a, rng, out);
}

}  // namespace resnet
