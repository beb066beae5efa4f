// Gradient checkpointing (Chen et al., arXiv 1604.06174): the network is taken in parts. Of all but the last, only the output
// is kept; in backward a part is computed again, from the output of the one before, and then used as if it had been kept.
#pragma once

#include "engine/compile.h"

namespace resnet {

/// Makes it so many parts, of about the same memory each, with borders where a single value passes (fewer where there are
/// not so many such places). The node at a border is not repeated: its output is kept, and so is what it has saved. 1: none.
void divide(Compiled& c, int64_t parts);

/// place_buffers() for a plan that trains, in as many parts as the options say. Throws Error when a given memory limit cannot
/// be kept.
void place_training_buffers(Compiled& c, const CompileOptions& options);

}  // namespace resnet
