// resnet data speed: how fast pictures are read, decoded and prepared, without a network.
#pragma once

#include <cstdint>
#include <string>

#include "cli/output.h"

namespace resnet::cli {

struct SpeedArgs {
  std::string data;
  std::string crop = "center";  ///< as evaluation sees pictures; or "resized", as training does
  int64_t size = 224, batch = 32;
  int workers = 1;
  double seconds = 5;
};

/// Returns the exit status.
int data_speed(const SpeedArgs& args, const Output& out);

}  // namespace resnet::cli
