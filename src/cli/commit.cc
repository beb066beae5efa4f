#include "cli/commit.h"

namespace resnet::cli {

std::string build_commit() { return RESNET_COMMIT; }

}  // namespace resnet::cli
