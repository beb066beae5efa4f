#include "data/augment/color_pca.h"

#include <gtest/gtest.h>

#include <cmath>

#include "data/fixtures.h"

namespace resnet {
namespace {

TEST(ColorPca, AxesOfAMatrix) {
  // 3·uu' + 2·vv' + ww' of an orthonormal basis.
  const double u[3] = {2.0 / 3, 2.0 / 3, 1.0 / 3}, v[3] = {-2.0 / 3, 1.0 / 3, 2.0 / 3},
               w[3] = {1.0 / 3, -2.0 / 3, 2.0 / 3};
  std::array<double, 9> m;
  for (size_t i = 0; i < 3; ++i)
    for (size_t j = 0; j < 3; ++j) m[3 * i + j] = 3 * u[i] * u[j] + 2 * v[i] * v[j] + w[i] * w[j];
  const ColorAxes axes = principal_axes(m);
  EXPECT_NEAR(axes.values[0], 3, 1e-12);
  EXPECT_NEAR(axes.values[1], 2, 1e-12);
  EXPECT_NEAR(axes.values[2], 1, 1e-12);
  for (size_t c = 0; c < 3; ++c) {
    EXPECT_NEAR(axes.vectors[c], u[c], 1e-12);
    EXPECT_NEAR(std::abs(axes.vectors[3 + c]), std::abs(v[c]), 1e-12);
    EXPECT_NEAR(std::abs(axes.vectors[6 + c]), std::abs(w[c]), 1e-12);
  }
}

TEST(ColorPca, AxesOfADataSet) {
  const CountingData data(200, 4);  // greys 0 to 199
  const ColorAxes axes = measure_color_axes(data);
  const double variance = (200.0 * 200 - 1) / 12 / (255 * 255);
  EXPECT_NEAR(axes.values[0], 3 * variance, 1e-9);
  EXPECT_NEAR(axes.values[1], 0, 1e-12);
  for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(axes.vectors[c], 1 / std::sqrt(3.0), 1e-9);
}

TEST(ColorPca, ShiftsVaryAsTheAxesSay) {
  Augmentation a;
  a.color_pca = 0.1f;
  double square[3] = {}, want[3] = {};
  for (uint64_t i = 0; i < 20000; ++i) {
    Rng rng(1, 0, i);
    const auto shift = draw_color_shift(a, rng);
    for (size_t c = 0; c < 3; ++c) square[c] += double(shift[c]) * double(shift[c]) / 20000;
  }
  for (size_t c = 0; c < 3; ++c)
    for (size_t k = 0; k < 3; ++k) want[c] += std::pow(0.1 * a.pca_values[k] * a.pca_vectors[3 * k + c], 2);
  for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(square[c] / want[c], 1, 0.05);
}

}  // namespace
}  // namespace resnet
