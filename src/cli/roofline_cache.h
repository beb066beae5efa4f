// The machine's roofline from a small file of the user's cache folder, or measured and put there.
#pragma once

#include "cli/output.h"
#include "engine/roofline.h"

namespace resnet::cli {

/// Keyed by processor, instruction set, threads, dtype and this program's version, in $XDG_CACHE_HOME/resnet (~/.cache/resnet).
/// Without `use_cache` it is measured anew, and nothing is written. A cache that cannot be read or written is done without.
Roofline roofline(DType dtype, bool use_cache, const Output& out);

/// "1.72 TFLOP/s, 59.1 GB/s in caches, 48.2 GB/s in memory": for people.
std::string describe(const Roofline& roof);
Json to_json(const Roofline& roof);

}  // namespace resnet::cli
