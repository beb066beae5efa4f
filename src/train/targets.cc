#include "train/targets.h"

#include <algorithm>

namespace resnet {

void make_targets(const Batch& batch, const TargetOptions& o, float* out) {
  const auto weight = [&](int64_t k) { return o.weights.empty() ? 1.0f : o.weights[static_cast<size_t>(k)]; };
  double sum = 0;
  for (int64_t n = 0; n < batch.count; ++n) {
    const int32_t own = batch.labels.i32()[n], other = batch.other_labels.i32()[n];
    float* t = out + n * o.classes;
    std::fill_n(t, o.classes, o.smoothing / static_cast<float>(o.classes));
    t[own] += (1 - o.smoothing) * batch.share;
    t[other] += (1 - o.smoothing) * (1 - batch.share);
    sum += batch.share * weight(own) + (1 - batch.share) * weight(other);
    for (int64_t k = 0; k < o.classes; ++k) t[k] *= weight(k);
  }
  if (o.weights.empty() || sum <= 0) return;
  const auto scale = static_cast<float>(static_cast<double>(batch.count) / sum);
  for (int64_t i = 0; i < batch.count * o.classes; ++i) out[i] *= scale;
}

}  // namespace resnet
