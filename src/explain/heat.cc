#include "explain/heat.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "data/resize.h"

namespace resnet {

namespace {

constexpr float kCover = 0.7f;    // of the picture, by the largest values
constexpr float kUnseen = 0.45f;  // light that is left outside of what the network sees
constexpr std::array<std::array<float, 3>, 5> kColours = {
    {{0, 0, 20}, {90, 15, 110}, {190, 55, 85}, {250, 145, 20}, {255, 250, 160}}};

std::array<float, 3> colour_of(float value) {
  const float at = std::clamp(value, 0.0f, 1.0f) * (kColours.size() - 1);
  const size_t i = std::min(static_cast<size_t>(at), kColours.size() - 2);
  const float t = at - static_cast<float>(i);
  std::array<float, 3> colour;
  for (size_t c = 0; c < 3; ++c) colour[c] = kColours[i][c] * (1 - t) + kColours[i + 1][c] * t;
  return colour;
}

// Where pixel `i` of the picture lies among `n` values that cover what the axis cuts out, in units of values; outside of
// [-1/2, n - 1/2] the network does not see it.
double place_of(int64_t i, const Axis& axis, int64_t n) {
  const double resized = (static_cast<double>(i) + 0.5) * static_cast<double>(axis.out) / axis.extent;
  return (resized - static_cast<double>(axis.first)) * static_cast<double>(n) / static_cast<double>(axis.count) - 0.5;
}

bool outside(double place, int64_t n) { return place < -0.5 || place > static_cast<double>(n) - 0.5; }

float interpolated(const Tensor& map, double y, double x) {
  const int64_t h = map.shape()[0], w = map.shape()[1];
  const double cy = std::clamp(y, 0.0, static_cast<double>(h - 1)), cx = std::clamp(x, 0.0, static_cast<double>(w - 1));
  const auto y0 = static_cast<int64_t>(cy), x0 = static_cast<int64_t>(cx);
  const int64_t y1 = std::min(y0 + 1, h - 1), x1 = std::min(x0 + 1, w - 1);
  const auto at = [&](int64_t r, int64_t c) { return static_cast<double>(map.f32()[r * w + c]); };
  const double fy = cy - static_cast<double>(y0), fx = cx - static_cast<double>(x0);
  return static_cast<float>((at(y0, x0) * (1 - fx) + at(y0, x1) * fx) * (1 - fy) +
                            (at(y1, x0) * (1 - fx) + at(y1, x1) * fx) * fy);
}

}  // namespace

Tensor heat_overlay(const Tensor& image, const Tensor& map, const Fit& fit) {
  const int64_t height = image.shape()[0], width = image.shape()[1], h = map.shape()[0], w = map.shape()[1];
  const FitAxes axes = fit_axes(height, width, fit);
  Tensor out({height, width, 3}, DType::u8);
  const auto from = image.as<uint8_t>();
  auto to = out.as<uint8_t>();
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x) {
      const double my = place_of(y, axes.down, h), mx = place_of(x, axes.across, w);
      const bool unseen = outside(my, h) || outside(mx, w);
      const float value = unseen ? 0 : interpolated(map, my, mx), cover = kCover * value;
      const std::array<float, 3> colour = colour_of(value);
      for (size_t c = 0; c < 3; ++c) {
        const size_t i = static_cast<size_t>((y * width + x) * 3) + c;
        const float light = static_cast<float>(from[i]) * (unseen ? kUnseen : 1.0f);
        to[i] = static_cast<uint8_t>(std::lround(light * (1 - cover) + colour[c] * cover));
      }
    }
  return out;
}

}  // namespace resnet
