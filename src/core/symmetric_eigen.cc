#include "core/symmetric_eigen.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace resnet {

namespace {

constexpr int kSweeps = 30;  // each more than doubles the right digits

// Turns rows and columns p, q of `m` so that m[p][q] becomes 0, and the rows of `v` alike.
void rotate(std::vector<double>& m, std::vector<double>& v, size_t n, size_t p, size_t q) {
  if (m[n * p + q] == 0) return;
  const double theta = (m[n * q + q] - m[n * p + p]) / (2 * m[n * p + q]);
  const double t = (theta < 0 ? -1 : 1) / (std::abs(theta) + std::hypot(theta, 1.0));
  const double c = 1 / std::hypot(t, 1.0), s = t * c;
  const auto turn = [&](double& x, double& y) {
    const double old = x;
    x = c * old - s * y;
    y = s * old + c * y;
  };
  for (size_t k = 0; k < n; ++k) turn(m[n * k + p], m[n * k + q]);
  for (size_t k = 0; k < n; ++k) turn(m[n * p + k], m[n * q + k]);
  for (size_t k = 0; k < n; ++k) turn(v[n * p + k], v[n * q + k]);
}

}  // namespace

SymmetricEigen symmetric_eigen(std::vector<double> m, int64_t size) {
  const auto n = static_cast<size_t>(size);
  std::vector<double> v(n * n, 0.0);
  for (size_t i = 0; i < n; ++i) v[n * i + i] = 1;
  for (int sweep = 0; sweep < kSweeps; ++sweep)
    for (size_t p = 0; p < n; ++p)
      for (size_t q = p + 1; q < n; ++q) rotate(m, v, n, p, q);
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return m[n * a + a] > m[n * b + b]; });
  SymmetricEigen found;
  for (const size_t i : order) {
    found.values.push_back(m[n * i + i]);
    found.vectors.insert(found.vectors.end(), v.begin() + static_cast<std::ptrdiff_t>(n * i),
                         v.begin() + static_cast<std::ptrdiff_t>(n * (i + 1)));
  }
  return found;
}

}  // namespace resnet
