// What every fuzz target does with tensors that a reader has accepted: reads each element, so that a sanitizer sees
// whether all lie where they should.
#pragma once

#include "io/to_f32.h"
#include "resnet/error.h"
#include "resnet/tensor.h"

namespace resnet {

inline void touch(const StateDict& tensors) {
  volatile float sum = 0;
  for (const auto& [name, tensor] : tensors) {
    const Tensor f = to_f32(tensor);
    const float* values = f.f32();
    for (int64_t i = 0; i < f.elements(); ++i) sum = sum + values[i];
  }
}

inline void touch(const Tensor& picture) {
  volatile uint32_t sum = 0;
  for (const uint8_t v : picture.as<uint8_t>()) sum = sum + v;
}

/// Runs `read`; an Error is the reader's right answer to a bad file, and everything else is not.
template <class Read> int fuzz(Read read) {
  try {
    read();
  } catch (const Error&) {
    return 0;
  }
  return 0;
}

}  // namespace resnet
