// From sums over a batch to what batch norm needs of them: Ioffe and Szegedy, arXiv 1502.03167, section 3.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/parallel.h"

namespace resnet {

/// Mean and 1/sqrt(var + eps) of m values a channel, from Σ(x-pivot) and Σ(x-pivot)² (pivot null: zero), and the running
/// statistics, unless null, moved towards them.
struct BatchMoments {
  int64_t c = 0;
  const double *sum = nullptr, *square = nullptr;
  const float* pivot = nullptr;
  int64_t m = 0;
  float eps = 0, momentum = 0;
  float *mean = nullptr, *inv_std = nullptr;
  float *running_mean = nullptr, *running_var = nullptr;
};
void finish_moments(const BatchMoments& b);

/// y = scale·x + shift.
void normalization(int64_t c, const float* gamma, const float* beta, const float* mean, const float* inv_std,
                   float* scale, float* shift);

/// dx = gamma/std·(dz - mean(dz) - xhat·mean(dz·xhat)), written as p·dz + q·x + r, from Σdz and Σdz·(x-mean) over m values.
/// Adds to dgamma and dbeta.
struct BatchGradient {
  int64_t c = 0;
  const double *sum = nullptr, *product = nullptr;
  const float *mean = nullptr, *inv_std = nullptr, *gamma = nullptr;
  int64_t m = 0;
  float *p = nullptr, *q = nullptr, *r = nullptr;
  float *dgamma = nullptr, *dbeta = nullptr;
};
void finish_gradient(const BatchGradient& b);

/// Each thread adds to two sums a channel of its own; from one thread's to the next's are so many doubles.
constexpr int64_t sums_of_thread(int64_t c) { return 2 * c + kThreadGap / static_cast<int64_t>(sizeof(double)); }
inline size_t sums_bytes(int64_t c, int threads) {
  return static_cast<size_t>(threads * sums_of_thread(c)) * sizeof(double);
}
void clear_sums(double* sums, int64_t c, int threads);
void add_up_sums(double* sums, int64_t c, int threads);  ///< into the first thread's, in their order

}  // namespace resnet
