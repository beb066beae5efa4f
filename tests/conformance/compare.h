// Whether a kernel's output is close enough to the oracle's.
#pragma once

#include <string>
#include <vector>

#include "resnet/tensor.h"

namespace resnet::conformance {

struct Tolerance {
  double nmse;      ///< Σ(a-b)² / Σb²
  double relative;  ///< each element: |a-b| <= relative·|b| + absolute·rms(b)
  double absolute;
  double least = 0;  ///< an element may always be so far off
};

/// Of the kernel of that name, which computes in f32 or in bf16 with f32 accumulation. bf16 has 8 bits: rounding inputs, weights
/// and outputs costs an NMSE of about 1.3e-6 each; summing in bf16 would cost 1e-3 and more.
Tolerance tolerance_of(DType activations, const std::string& kernel);

struct Comparison {
  double nmse = 0;
  std::string failure;  ///< empty when within tolerance
};

/// `floor` stands in for rms(expected) where that is smaller.
Comparison compare(const std::vector<float>& actual, const std::vector<float>& expected, const Tolerance& tolerance,
                   double floor);

}  // namespace resnet::conformance
