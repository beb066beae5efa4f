// How the oracle kernels read and write activations: one element at a time, as float, whatever the dtype in memory is.
// The kernels of this folder are plain loops that are easy to check by eye. They accumulate in double, and unlike other
// kernels they may allocate during a call.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/bf16.h"
#include "resnet/tensor.h"

namespace resnet::ref {

inline float get(const void* data, DType dtype, int64_t i) {
  if (dtype == DType::u8) return static_cast<const uint8_t*>(data)[i];
  return dtype == DType::bf16 ? bf16_to_f32(static_cast<const uint16_t*>(data)[i]) : static_cast<const float*>(data)[i];
}

/// Rounds to the dtype, to the nearest value that it has.
inline void set(void* data, DType dtype, int64_t i, double value) {
  if (dtype == DType::u8)
    static_cast<uint8_t*>(data)[i] = static_cast<uint8_t>(std::clamp(std::nearbyint(value), 0.0, 255.0));
  else if (dtype == DType::bf16)
    static_cast<uint16_t*>(data)[i] = f32_to_bf16(static_cast<float>(value));
  else
    static_cast<float*>(data)[i] = static_cast<float>(value);
}

/// dx = value, or dx += value.
inline void put(void* data, DType dtype, int64_t i, double value, bool accumulate) {
  set(data, dtype, i, accumulate ? value + get(data, dtype, i) : value);
}

/// A copy of n elements as float.
inline std::vector<float> floats(const void* data, DType dtype, int64_t n) {
  std::vector<float> copy(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i) copy[static_cast<size_t>(i)] = get(data, dtype, i);
  return copy;
}

}  // namespace resnet::ref
