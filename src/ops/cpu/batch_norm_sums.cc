#include "ops/cpu/batch_norm_sums.h"

#include <algorithm>
#include <cmath>

namespace resnet {

void finish_moments(const BatchMoments& b) {
  const auto m = static_cast<double>(b.m);
  for (int64_t c = 0; c < b.c; ++c) {
    const double offset = b.sum[c] / m, var = std::max(0.0, b.square[c] / m - offset * offset);
    const double mean = (b.pivot ? static_cast<double>(b.pivot[c]) : 0.0) + offset;
    b.mean[c] = static_cast<float>(mean);
    b.inv_std[c] = static_cast<float>(1.0 / std::sqrt(var + static_cast<double>(b.eps)));
    if (b.running_mean == nullptr) continue;
    const double unbiased = m > 1 ? var * m / (m - 1) : var;
    b.running_mean[c] += b.momentum * (static_cast<float>(mean) - b.running_mean[c]);
    b.running_var[c] += b.momentum * (static_cast<float>(unbiased) - b.running_var[c]);
  }
}

void normalization(int64_t c, const float* gamma, const float* beta, const float* mean, const float* inv_std,
                   float* scale, float* shift) {
  for (int64_t i = 0; i < c; ++i) {
    scale[i] = gamma[i] * inv_std[i];
    shift[i] = beta[i] - mean[i] * scale[i];
  }
}

void finish_gradient(const BatchGradient& b) {
  const auto m = static_cast<double>(b.m);
  for (int64_t c = 0; c < b.c; ++c) {
    const double i = static_cast<double>(b.inv_std[c]), dgamma = b.product[c] * i;
    const double scale = static_cast<double>(b.gamma[c]) * i;
    b.dgamma[c] += static_cast<float>(dgamma);
    b.dbeta[c] += static_cast<float>(b.sum[c]);
    b.p[c] = static_cast<float>(scale);
    b.q[c] = static_cast<float>(-scale * dgamma * i / m);
    b.r[c] = static_cast<float>(scale * (dgamma * i * static_cast<double>(b.mean[c]) - b.sum[c]) / m);
  }
}

void clear_sums(double* sums, int64_t c, int threads) {
  for (int t = 0; t < threads; ++t) std::fill_n(sums + t * sums_of_thread(c), 2 * c, 0.0);
}

void add_up_sums(double* sums, int64_t c, int threads) {
  for (int t = 1; t < threads; ++t)
    for (int64_t i = 0; i < 2 * c; ++i) sums[i] += sums[t * sums_of_thread(c) + i];
}

}  // namespace resnet
