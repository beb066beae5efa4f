// A case: one op on fixed shapes, from one line of a shapes file. How a line becomes an op stands in cases/OP.cc, which
// registers itself, so that a new op edits no list.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "conformance/line.h"
#include "ops/kernel.h"

namespace resnet::conformance {

struct Data;

struct Case {
  std::shared_ptr<const Op> op;
  std::vector<Shape> x;
  bool train = true;  ///< backward is part of the case
  std::array<bool, 2> need_dx{true, true};
  bool int8 = false;       ///< inference with u8 activations, and no other dtype
  bool f32_input = false;  ///< x is f32 whatever the activations are
  int64_t classes = 0;     ///< > 0: labels in [0, classes) are drawn
  int64_t min_batch = 1;   ///< reduced() keeps at least this many pictures
  /// Gradients smaller than this are compared as if they were so large (they are differences of larger numbers).
  double floor = 0;
  /// Moves the drawn values away from points without a derivative, for finite differences.
  std::function<void(const Case&, Data&)> smooth;

  // Set by load_cases:
  std::string name;
  uint64_t seed = 0;
  std::shared_ptr<const Line> line;

  KernelSpec spec(DType dtype) const;
  bool takes(DType dtype) const { return int8 == (dtype == DType::u8); }
  std::vector<ParamSpec> params() const { return op->params(x); }
  DType x_dtype(DType dtype) const { return f32_input ? DType::f32 : dtype; }
  DType y_dtype(DType dtype) const { return op->output_dtype(dtype); }
  std::string title() const;  ///< "conv layer1.0.conv2 [32,56,56,64] 64 3x3 pad 1"
};

/// Makes the op, its inputs and what else differs from the defaults.
using ParseCase = std::function<Case(const Line&)>;

struct RegisterCase {
  RegisterCase(std::string kind, ParseCase parse);
};

/// The cases of the files, in order; only those of one op where `only_op` is given. Lines of unknown ops are errors.
std::vector<Case> load_cases(const std::vector<std::string>& files, const std::string& only_op);

/// The same case on fewer and then lower pictures, so that its work is below about `multiply_adds` (an element counts
/// as 256).
Case reduced(const Case& c, double multiply_adds);

}  // namespace resnet::conformance
