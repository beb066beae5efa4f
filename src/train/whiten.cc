#include "train/whiten.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/check.h"
#include "core/symmetric_eigen.h"
#include "data/normalizer.h"

namespace resnet {

namespace {

constexpr int64_t kPictures = 2000, kPatches = 32;  // patches: a side of a picture
constexpr double kLeast = 5e-4;  // added to eigenvalues: directions that pictures hardly have are not blown up

/// [n,n]: mean of p·pᵀ over patches p of k x k pixels (of small pictures: all), their values in the order of weights (channel, row, column).
std::vector<double> covariance(const Dataset& data, const Preprocessing& preprocessing, int64_t k) {
  const int64_t n = 3 * k * k, size = preprocessing.size, pictures = std::min(data.size(), kPictures);
  const int64_t step = (size - k + kPatches) / kPatches;
  const Normalizer normalizer(preprocessing);
  std::vector<uint8_t> pixels(static_cast<size_t>(size * size * 3));
  std::vector<float> picture(pixels.size()), patch(static_cast<size_t>(n));
  std::vector<double> sum(static_cast<size_t>(n * n), 0.0);
  for (int64_t i = 0; i < pictures; ++i) {
    data.image_into(i * data.size() / pictures, normalizer.fit(), pixels.data());
    for (int64_t y = 0; y < size; ++y)
      normalizer.row(y, 0, size, pixels.data() + y * size * 3, picture.data() + y * size * 3);
    std::vector<float> of_picture(sum.size(), 0.0f);
    for (int64_t y = 0; y + k <= size; y += step)
      for (int64_t x = 0; x + k <= size; x += step) {
        for (int64_t j = 0; j < n; ++j)
          patch[static_cast<size_t>(j)] =
              picture[static_cast<size_t>(((y + j / k % k) * size + x + j % k) * 3 + j / (k * k))];
        for (int64_t a = 0; a < n; ++a)
          for (int64_t b = 0; b < n; ++b)
            of_picture[static_cast<size_t>(a * n + b)] += patch[static_cast<size_t>(a)] * patch[static_cast<size_t>(b)];
      }
    for (size_t j = 0; j < sum.size(); ++j) sum[j] += static_cast<double>(of_picture[j]);
  }
  const int64_t side = (size - k + step) / step;
  const double patches = static_cast<double>(pictures * side * side);
  for (double& v : sum) v /= patches;
  return sum;
}

const Node& first_conv(const Graph& graph) {
  const Node& node = graph.node(1);
  CHECK(node.op && node.op->kind() == "conv", "model.whiten: the network does not begin with a convolution");
  return node;
}

}  // namespace

void whiten_first_conv(const Graph& graph, const Dataset& data, const Preprocessing& preprocessing,
                       StateDict& weights) {
  Tensor& w = weights.at(first_conv(graph).params.at(0));
  const int64_t out = w.shape()[0], k = w.shape()[2], n = w.shape()[1] * k * k, half = out / 2;
  CHECK(out % 2 == 0 && half <= n && k <= preprocessing.size, "model.whiten: the first convolution has ", out,
        " channels of ", n, " inputs; it can be an even number up to ", 2 * n);
  const SymmetricEigen eigen = symmetric_eigen(covariance(data, preprocessing, k), n);
  for (int64_t o = 0; o < half; ++o) {
    const double scale = 1 / std::sqrt(std::max(eigen.values[static_cast<size_t>(o)], 0.0) + kLeast);
    for (int64_t j = 0; j < n; ++j) {
      const auto v = static_cast<float>(eigen.vectors[static_cast<size_t>(o * n + j)] * scale);
      w.f32()[o * n + j] = v;
      w.f32()[(half + o) * n + j] = -v;
    }
  }
}

}  // namespace resnet
