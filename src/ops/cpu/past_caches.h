// When an output is better written with stores that go past the caches.
#pragma once

#include <cstdint>

#include "core/parallel.h"

namespace resnet {

/// Whether a tensor that all threads write together is too large to stay in their second-level caches until it is read.
inline bool past_caches(int64_t bytes) { return bytes / threads() > (int64_t{3} << 19); }

}  // namespace resnet
