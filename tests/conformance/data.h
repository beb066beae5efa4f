// The values of one case: inputs, the gradient that arrives, parameters. Drawn from the case's seed, as float, already
// rounded to the dtype that the kernels will see.
#pragma once

#include <array>
#include <vector>

#include "conformance/case.h"

namespace resnet::conformance {

struct Data {
  std::array<std::vector<float>, 2> x;
  std::array<std::vector<float>, 2> prior;  ///< what dx holds before it is accumulated into
  std::vector<float> dy;                    ///< 1 for a loss
  std::vector<std::vector<float>> w;        ///< in the order of Op::params()
  std::vector<int32_t> labels;
  std::vector<float> targets;  ///< [N,K], where there are labels
};

/// `draw` tells several sets of values of one case apart.
Data make_data(const Case& c, DType dtype, uint64_t draw = 0);

/// A float after a round trip through the dtype.
float rounded(float v, DType dtype);
/// One element of a buffer. NaN, which marks what is not to be read, becomes some number where there is none.
void store(void* to, DType dtype, size_t i, float v);
float load(const void* from, DType dtype, size_t i);

}  // namespace resnet::conformance
