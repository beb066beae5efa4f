#include "data/augment/color_pca.h"

#include <algorithm>
#include <cmath>
#include <future>
#include <thread>
#include <vector>

#include "core/check.h"
#include "core/symmetric_eigen.h"

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

}  // namespace

ColorAxes principal_axes(const std::array<double, 9>& covariance) {
  const SymmetricEigen eigen = symmetric_eigen({covariance.begin(), covariance.end()}, 3);
  ColorAxes axes;
  for (size_t k = 0; k < 3; ++k) {
    axes.values[k] = std::max(0.0, eigen.values[k]);
    const double* vector = eigen.vectors.data() + 3 * k;
    double largest = 0;
    for (size_t c = 0; c < 3; ++c)
      if (std::abs(vector[c]) > std::abs(largest)) largest = vector[c];
    for (size_t c = 0; c < 3; ++c) axes.vectors[3 * k + c] = (largest < 0 ? -1 : 1) * vector[c];
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
