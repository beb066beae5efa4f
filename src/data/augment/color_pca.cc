#include "data/augment/color_pca.h"

#include <algorithm>
#include <cmath>
#include <future>
#include <numeric>
#include <thread>
#include <vector>

#include "core/check.h"

namespace resnet {

namespace {

struct ColorSums {
  uint64_t pixels = 0;
  std::array<uint64_t, 3> value{};
  std::array<uint64_t, 9> product{};  // of two channels
};

ColorSums sum_colors(const Dataset& data, int64_t begin, int64_t end) {
  ColorSums s;
  for (int64_t i = begin; i < end; ++i) {
    const Tensor image = data.image(i);
    const auto values = image.as<uint8_t>();
    for (size_t k = 0; k + 2 < values.size(); k += 3)
      for (size_t a = 0; a < 3; ++a) {
        s.value[a] += values[k + a];
        for (size_t b = 0; b < 3; ++b) s.product[3 * a + b] += uint64_t{values[k + a]} * values[k + b];
      }
    s.pixels += values.size() / 3;
  }
  return s;
}

ColorSums sum_all_colors(const Dataset& data) {
  const int64_t parts = std::clamp<int64_t>(std::thread::hardware_concurrency(), 1, 16);
  std::vector<std::future<ColorSums>> running;
  for (int64_t p = 0; p < parts; ++p)
    running.push_back(std::async(std::launch::async, sum_colors, std::cref(data), data.size() * p / parts,
                                 data.size() * (p + 1) / parts));
  ColorSums total;
  for (auto& part : running) {
    const ColorSums s = part.get();
    total.pixels += s.pixels;
    for (size_t k = 0; k < 3; ++k) total.value[k] += s.value[k];
    for (size_t k = 0; k < 9; ++k) total.product[k] += s.product[k];
  }
  return total;
}

// Turns rows and columns p, q of `m` so that m[p][q] becomes 0, and the columns of `v` alike.
void rotate(std::array<double, 9>& m, std::array<double, 9>& v, size_t p, size_t q) {
  if (m[3 * p + q] == 0) return;
  const double theta = (m[4 * q] - m[4 * p]) / (2 * m[3 * p + q]);
  const double t = (theta < 0 ? -1 : 1) / (std::abs(theta) + std::hypot(theta, 1.0));
  const double c = 1 / std::hypot(t, 1.0), s = t * c;
  const auto turn = [&](double& x, double& y) {
    const double old = x;
    x = c * old - s * y;
    y = s * old + c * y;
  };
  for (size_t k = 0; k < 3; ++k) turn(m[3 * k + p], m[3 * k + q]);
  for (size_t k = 0; k < 3; ++k) turn(m[3 * p + k], m[3 * q + k]);
  for (size_t k = 0; k < 3; ++k) turn(v[3 * k + p], v[3 * k + q]);
}

}  // namespace

ColorAxes principal_axes(std::array<double, 9> m) {
  std::array<double, 9> v{1, 0, 0, 0, 1, 0, 0, 0, 1};
  for (int sweep = 0; sweep < 30; ++sweep)
    for (const auto& [p, q] : {std::pair<size_t, size_t>{0, 1}, {0, 2}, {1, 2}}) rotate(m, v, p, q);
  std::array<size_t, 3> order{0, 1, 2};
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return m[4 * a] > m[4 * b]; });
  ColorAxes axes;
  for (size_t k = 0; k < 3; ++k) {
    const size_t column = order[k];
    axes.values[k] = std::max(0.0, m[4 * column]);
    double largest = 0;
    for (size_t c = 0; c < 3; ++c)
      if (std::abs(v[3 * c + column]) > std::abs(largest)) largest = v[3 * c + column];
    for (size_t c = 0; c < 3; ++c) axes.vectors[3 * k + c] = (largest < 0 ? -1 : 1) * v[3 * c + column];
  }
  return axes;
}

ColorAxes measure_color_axes(const Dataset& data) {
  CHECK(data.size() > 0, "no training pictures to measure the colours of");
  const ColorSums s = sum_all_colors(data);
  const double n = static_cast<double>(s.pixels), scale = 255.0 * 255.0;
  std::array<double, 9> covariance;
  for (size_t a = 0; a < 3; ++a)
    for (size_t b = 0; b < 3; ++b)
      covariance[3 * a + b] = (static_cast<double>(s.product[3 * a + b]) / n -
                               static_cast<double>(s.value[a]) / n * (static_cast<double>(s.value[b]) / n)) /
                              scale;
  return principal_axes(covariance);
}

std::array<float, 3> draw_color_shift(const Augmentation& a, Rng& rng) {
  std::array<float, 3> shift{};
  for (size_t k = 0; k < 3; ++k) {
    const float amount = a.color_pca * rng.normal() * a.pca_values[k];
    for (size_t c = 0; c < 3; ++c) shift[c] += amount * a.pca_vectors[3 * k + c];
  }
  return shift;
}

}  // namespace resnet
