// A picture in memory that an augmentation changes in place.
#pragma once

#include <cstdint>

namespace resnet {

/// u8 [height,width,3], RGB, dense.
struct Pixels {
  uint8_t* data;
  int64_t height, width;

  int64_t count() const { return height * width; }
};

}  // namespace resnet
