// A data set as archives of pictures that are made small once, for many epochs: `resnet data pack`.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "resnet/data.h"

namespace resnet {

struct PackOptions {
  int64_t size = 256;  ///< shorter sides above it are scaled to it
  Interpolation interpolation = Interpolation::bilinear;
  bool jpeg = true;       ///< else PNG, which changes no pixel
  int quality = 95;       ///< of JPEG files that are made anew, 1 to 100
  int64_t shard = 10000;  ///< pictures an archive
  bool skip_bad = false;  ///< leave out what cannot be read, instead of failing
};

struct PackResult {
  int64_t pictures = 0, copied = 0;  ///< copied: were small enough, and keep their bytes
  int64_t archives = 0;
  uint64_t bytes = 0;
  std::vector<std::string> left_out;  ///< why, a message a picture
};

using PackProgress = std::function<void(int64_t done, int64_t all)>;

/// Writes `folder`, which must be new or empty: train-000000.tar, val-000000.tar (all-000000.tar for a set that is both) and
/// classes.txt, which open_data() reads. It is there as a whole or not at all. Pictures are prepared by all cores.
PackResult pack(const DataSplits& data, const std::string& folder, const PackOptions& options,
                const PackProgress& progress);

}  // namespace resnet
