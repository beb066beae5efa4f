// The five modes of the conformance program. Each returns the number of failures.
#pragma once

#include <string>
#include <vector>

#include "conformance/case.h"

namespace resnet::conformance {

struct Options {
  std::string backend = "cpu";
  std::vector<DType> dtypes{DType::f32, DType::bf16, DType::u8};
  std::string implementation;  ///< only this one; empty: all
  bool verbose = false;
  double seconds = 0.2;  ///< perf, race: for each direction of each implementation
  double margin = 1.3;   ///< race: a kernel loses when it takes longer than oneDNN by more than this factor
};

int run_test(const std::vector<Case>& cases, const Options& options);
int run_grad(const std::vector<Case>& cases, const Options& options);
int run_perf(const std::vector<Case>& cases, const Options& options);
int run_race(const std::vector<Case>& cases, const Options& options);
int run_support(const std::vector<Case>& cases, const Options& options);

/// Of the backend, for the case's op, best first; only options.implementation where that is given.
std::vector<const KernelEntry*> implementations(const Case& c, const Options& options);
/// The oracle for a spec.
std::unique_ptr<Kernel> oracle(const KernelSpec& spec);
/// What runs now, for the message of a crash.
void set_current(const std::string& what);

}  // namespace resnet::conformance
