// resnet data pack: a data set as archives of smaller pictures.
#pragma once

#include <string>

#include "cli/output.h"
#include "data/pack.h"

namespace resnet::cli {

struct PackArgs {
  std::string data, folder;
  std::string format = "jpeg", interpolation = "bilinear", bad_images = "fail";
  PackOptions options;
};

/// Returns the exit status.
int pack_data(PackArgs args, const Output& out);

}  // namespace resnet::cli
