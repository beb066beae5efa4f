// Which source this program was built from.
#pragma once

#include <string>

namespace resnet::cli {

/// The commit, with "-dirty" behind it where files differed from it; "unknown" outside a clone.
std::string build_commit();

}  // namespace resnet::cli
