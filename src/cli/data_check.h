// resnet data check: is this data set whole? Counts every class, reads every picture, and names what is wrong.
#pragma once

#include <string>

#include "cli/output.h"

namespace resnet::cli {

/// Returns the exit status: 1 when there are errors, or with `strict` warnings.
int check_data(const std::string& spec, bool strict, const Output& out);

}  // namespace resnet::cli
