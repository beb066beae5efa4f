#include "conformance/compare.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"

namespace resnet::conformance {

Tolerance tolerance_of(DType activations, const std::string& kernel) {
  // Rounding to an integer can go either way where the value lies halfway.
  if (activations == DType::u8) return {2e-6, 0, 0, 1};
  // F(4x4) in bf16, for training only: its transforms amplify the rounding.
  if (kernel.find("winograd4x4_bf16") != std::string::npos) return {2e-4, 0.03, 0.12};
  // F(4, 3) in bf16, along rows: 3.3e-5.
  if (kernel.find("winograd1x4") != std::string::npos) return {4e-5, 0.01, 0.04};
  // Winograd's F(2x2) rounds what it has transformed as well: 2.2e-5 where own direct kernels have 1.1e-5.
  if (activations == DType::bf16) return {3e-5, 0.01, 0.03};
  return {1e-10, 1e-4, 1e-4};
}

Comparison compare(const std::vector<float>& actual, const std::vector<float>& expected, const Tolerance& tolerance,
                   double floor) {
  CHECK(actual.size() == expected.size(), "outputs of ", actual.size(), " and ", expected.size(), " elements");
  double error = 0, power = 0;
  for (size_t i = 0; i < actual.size(); ++i) {
    const double d = double{actual[i]} - expected[i];
    error += d * d;
    power += double{expected[i]} * expected[i];
  }
  const double n = static_cast<double>(actual.size());
  const double scale = std::max(std::sqrt(power / n), floor);
  Comparison result;
  result.nmse = error == 0 ? 0 : error / std::max(scale * scale * n, 1e-30);
  for (size_t i = 0; i < actual.size() && result.failure.empty(); ++i) {
    const double d = std::abs(double{actual[i]} - expected[i]);
    if (!(d <= tolerance.least + tolerance.relative * std::abs(expected[i]) + tolerance.absolute * scale))
      result.failure = join("element ", i, " of ", actual.size(), " is ", actual[i], ", expected ", expected[i],
                            " (rms ", scale, ")");
  }
  // The errors of a few elements do not average out.
  const double allowed = tolerance.nmse * (1 + 4 / n);
  if (!(result.nmse <= allowed)) {
    const std::string sum = join("nmse ", result.nmse, " exceeds ", allowed);
    result.failure = result.failure.empty() ? sum : sum + "; " + result.failure;
  }
  return result;
}

}  // namespace resnet::conformance
