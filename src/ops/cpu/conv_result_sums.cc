#include "ops/cpu/conv_result_sums.h"

#include "ops/cpu/batch_norm_sums.h"

namespace resnet {

void sum_results(ResultStore& store, const OutputSums& sums, int64_t channels, int64_t channel, int thread) {
  store.sum = sums.sums + thread * sums_of_thread(channels) + channel;
  store.product = store.sum + channels;
  store.gate = static_cast<const uint16_t*>(sums.x);
  store.mask = sums.mask;
  if (sums.scale == nullptr) return;
  store.scale = sums.scale + channel;
  store.shift = sums.shift + channel;
}

}  // namespace resnet
