// The machine's roofline: how fast its cores multiply and its memory moves, measured here and now, and how long a piece of work
// must take at least. Bandwidth depends on how much is moved, for caches serve what fits them.
#pragma once

#include <cstdint>
#include <vector>

#include "resnet/plan.h"

namespace resnet {

struct Bandwidth {
  int64_t bytes = 0;            ///< read and written by all threads together, again and again
  double bytes_per_second = 0;  ///< half read, half written
  double read_per_second = 0;   ///< read only
};

struct Roofline {
  DType dtype = DType::f32;
  int threads = 0;
  double flops_per_second = 0;        ///< of products of this dtype, a multiply-add counted as two
  std::vector<Bandwidth> bandwidths;  ///< rising sizes; the last one is memory's

  /// The least time that work of so many operations and bytes takes; the larger of the two demands counts.
  double seconds(double flops, double bytes) const;
  double bandwidth(double bytes) const;  ///< bytes a second, by the size of the work
};

/// Takes about two seconds. Uses threads() threads and 256 MiB.
Roofline measure_roofline(DType dtype);

/// Operations of a step, forward and (in a plan for training) backward. Winograd's savings are not counted.
double flops_of(const StepInfo& step);
/// The least time that a step, or a plan whose steps run one after another, takes under this roof.
double least_seconds(const Roofline& roof, const StepInfo& step);
double least_seconds(const Roofline& roof, const std::vector<StepInfo>& steps);

}  // namespace resnet
