// Colour shifts along the axes in which the colours of a data set vary (Krizhevsky et al. 2012, section 4.1; the paper's
// "standard colour augmentation"), and those axes.
#pragma once

#include <array>

#include "core/rng.h"
#include "resnet/data.h"

namespace resnet {

/// What is added to R, G and B of every pixel/255: Σ_k vector_k·value_k·α_k, α_k normal with deviation a.color_pca.
std::array<float, 3> draw_color_shift(const Augmentation& a, Rng& rng);

/// Variances, largest first, and unit vectors, [axis][R, G, B], the largest component of each positive.
struct ColorAxes {
  std::array<double, 3> values;
  std::array<double, 9> vectors;
};

/// Of all pixels/255 of a data set. Exact sums: independent of the number of threads. Throws what reading a picture throws.
ColorAxes measure_color_axes(const Dataset& data);

/// Of a symmetric 3x3 matrix.
ColorAxes principal_axes(const std::array<double, 9>& covariance);

}  // namespace resnet
