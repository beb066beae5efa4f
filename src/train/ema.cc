#include "train/ema.h"

#include <algorithm>

#include "core/check.h"
#include "core/parallel.h"

namespace resnet {

Ema::Ema(double decay, const StateDict& weights, const StateDict& averages) : decay_(decay), weights_(weights) {
  for (auto& [key, weight] : weights_) {
    const auto found = averages.find(key);
    CHECK(averages.empty() || (found != averages.end() && found->second.shape() == weight.shape()),
          "the moving average of '", key, "' is missing or of another shape");
    Tensor& average = averages_[key] = averages.empty() ? weight.clone() : found->second.clone();
    slots_.push_back({average.f32(), weight.f32(), weight.elements()});
  }
}

void Ema::update(int64_t step) {
  const double n = static_cast<double>(step), decay = std::min(decay_, (1 + n) / (10 + n));
  const auto part = static_cast<float>(1 - decay);
  for (const Slot& s : slots_)
    parallel_for(s.n, [&](int64_t begin, int64_t end, int) {
      for (int64_t i = begin; i < end; ++i) s.average[i] += part * (s.weight[i] - s.average[i]);
    });
}

}  // namespace resnet
