// How much memory there is.
#pragma once

#include <cstdint>

namespace resnet {

/// What this process can still take, in bytes: what the machine has free or can free, or less where a control group says so.
int64_t available_memory();

}  // namespace resnet
