// The vectorised loops of int8 inference besides convolutions, behind one table chosen by isa().
#pragma once

#include "ops/cpu/pool_loops.h"

namespace resnet {

struct Int8Loops {
  /// y = clamp(round(x·factor + zero))
  void (*quantize)(const float* x, uint8_t* y, int64_t n, float factor, float zero);
  /// x [pixels,channels] -> y [channels]: clamp(round(sum(x - zero)·factor + zero))
  void (*average)(const uint8_t* x, uint8_t* y, int64_t pixels, int64_t channels, float factor, int32_t zero);
  /// x [h,w,c] -> y [oh,ow,c], rows [begin, end) of y.
  void (*max)(const PoolShape& s, const uint8_t* x, uint8_t* y, int64_t begin, int64_t end);
};

const Int8Loops& int8_loops();

}  // namespace resnet
