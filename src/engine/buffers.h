// The buffers of a plan: when each is written and last read, and from that its place in the arena.
#pragma once

#include "engine/compile.h"

namespace resnet {

/// Fills in the buffers of all steps, c.buffers, c.memory, c.input and c.logits; what stood there is forgotten. Steps say
/// which kernels, deferrals, delegations and repetitions there are.
void place_buffers(Compiled& c, bool train);

}  // namespace resnet
