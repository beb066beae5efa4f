// resnet data check: is this data set whole? Counts every class, reads every picture, and names what is wrong.
#pragma once

#include <string>

#include "cli/output.h"

namespace resnet::cli {

/// Returns the exit status: 0 when nothing is wrong.
int check_data(const std::string& spec, const Output& out);

}  // namespace resnet::cli
