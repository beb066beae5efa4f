// resnet data synthesize: the pictures of the synthetic data set as files, to try predict, eval and train with.
#pragma once

#include <cstdint>
#include <string>

#include "cli/output.h"

namespace resnet::cli {

struct SynthesizeOptions {
  std::string folder, format = "png";
  int64_t count = 100;  ///< training pictures
  int64_t val = 0;      ///< validation pictures; 0: a fifth of count, at least one
  int64_t size = 32, classes = 10;
  uint64_t seed = 0;
};

/// Returns the exit status. Throws Error when the folder is not empty or cannot be written.
int synthesize_data(const SynthesizeOptions& options, const Output& out);

}  // namespace resnet::cli
