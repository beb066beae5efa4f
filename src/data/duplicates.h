// Pictures that are in a data set twice: the same file, or other files of the same pixels.
#pragma once

#include <cstdint>
#include <vector>

#include "data/image_decode.h"
#include "data/inspect.h"

namespace resnet {

/// A 64-bit hash, not to be trusted against people who want to deceive; equal ones are looked at again.
uint64_t hash(Bytes bytes, uint64_t seed);

struct Fingerprint {
  uint64_t pixels = 0;
  bool readable = false;
};

struct Fingerprints {
  const Dataset* data;
  std::vector<Fingerprint> pictures;
};

/// A finding for every picture that is the same as an earlier one, with the first such.
std::vector<Finding> find_duplicates(const std::vector<Fingerprints>& splits);

}  // namespace resnet
