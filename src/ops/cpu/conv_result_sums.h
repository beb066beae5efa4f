// How the store of results learns what it adds up.
#pragma once

#include "ops/cpu/conv_own_pack.h"
#include "ops/cpu/conv_pass.h"

namespace resnet {

/// Results from `channel` on, of `channels`, written by this thread.
void sum_results(ResultStore& store, const OutputSums& sums, int64_t channels, int64_t channel, int thread);

}  // namespace resnet
