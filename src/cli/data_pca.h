// resnet data pca.
#pragma once

#include <string>

#include "cli/output.h"

namespace resnet::cli {

/// Prints the axes of the training pictures' colours as two lines of a recipe. Returns the exit status.
int measure_pca(const std::string& spec, const Output& out);

}  // namespace resnet::cli
