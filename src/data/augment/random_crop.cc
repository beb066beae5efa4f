#include "data/augment/random_crop.h"

#include <algorithm>
#include <cmath>

#include "data/resize.h"

namespace resnet {

namespace {

int64_t draw_between(int64_t least, int64_t most, Rng& rng) {
  return least + static_cast<int64_t>(rng.below(static_cast<uint32_t>(most - least + 1)));
}

// Halves go to the even number, as in Python.
int64_t rounded(double v) { return std::lrint(v); }

// A part of a picture, and how it is scaled: the axes count from the part's corner.
struct Cut {
  Rectangle part;
  FitAxes axes;
};

Cut draw_scaled(int64_t height, int64_t width, const Fit& fit, const Augmentation& a, Rng& rng) {
  const int64_t least = a.resize[0] > 0 ? a.resize[0] : fit.resize, most = a.resize[1] > 0 ? a.resize[1] : least;
  FitAxes axes = fit_axes(height, width, Fit(fit.size, draw_between(least, most, rng), fit.interpolation));
  axes.down.first = draw_between(0, axes.down.out - fit.size, rng);
  axes.across.first = draw_between(0, axes.across.out - fit.size, rng);
  return {{0, 0, height, width}, axes};
}

Cut draw_resized(int64_t height, int64_t width, const Fit& fit, const Augmentation& a, Rng& rng) {
  const Rectangle r = draw_rectangle(height, width, a, rng);
  const auto axis = [&](int64_t in) { return Axis{in, static_cast<double>(in), fit.size, 0, fit.size}; };
  return {r, {axis(r.height), axis(r.width)}};
}

Cut draw_cut(int64_t height, int64_t width, const Fit& fit, const Augmentation& a, Rng& rng) {
  return a.crop == Augmentation::Crop::random ? draw_scaled(height, width, fit, a, rng)
                                              : draw_resized(height, width, fit, a, rng);
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

void random_crop(const Dataset& data, int64_t i, const Fit& fit, const Augmentation& a, Rng& rng, uint8_t* out) {
  const PicturePart given = data.part(i, [&](int64_t height, int64_t width) {
    Rng again = rng;
    const Cut cut = draw_cut(height, width, fit, a, again);
    const Range rows = samples_of(cut.axes.down, fit.interpolation);
    const Range columns = samples_of(cut.axes.across, fit.interpolation);
    return Rectangle{cut.part.top + rows.first, cut.part.left + columns.first, rows.count, columns.count};
  });
  Cut cut = draw_cut(given.height, given.width, fit, a, rng);
  cut.axes.down.origin = given.top - cut.part.top;
  cut.axes.across.origin = given.left - cut.part.left;
  resize_window(given.pixels.as<uint8_t>().data(), given.pixels.shape()[1] * 3, cut.axes.down, cut.axes.across,
                fit.interpolation, out);
}

}  // namespace resnet
