// Runs a kernel once, forward and backward, as a plan would: parameters packed, buffers guarded, scratch full of NaN,
// and only what needs() asks for is kept between the two.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "conformance/data.h"

namespace resnet::conformance {

struct RunOptions {
  bool backward = true;              ///< where the case has one
  std::array<bool, 2> accumulate{};  ///< dx[i] starts as data.prior[i] and is added to
  int y_over_x = -1;                 ///< y is x[i]'s buffer
  int dx_over_dy = -1;               ///< dx[i] is dy's buffer
};

struct Output {
  std::string name;  ///< "y", "dx[0]", "dw weight", "running_mean"
  DType dtype = DType::f32;
  std::vector<float> values;
};

struct Outputs {
  std::vector<Output> all;
  std::string fault;  ///< a buffer that should not have been written was; empty if all is well
};

Outputs run(Kernel& kernel, const Case& c, const Data& data, const RunOptions& options = {});

}  // namespace resnet::conformance
