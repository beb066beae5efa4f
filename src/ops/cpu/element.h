// One activation read or written as float, for kernels whose loops are not worth vectorising by hand.
#pragma once

#include "core/bf16.h"

namespace resnet {

inline float load_element(const float* p) { return *p; }
inline float load_element(const uint16_t* p) { return bf16_to_f32(*p); }
inline void store_element(float* p, float v) { *p = v; }
inline void store_element(uint16_t* p, float v) { *p = f32_to_bf16(v); }

}  // namespace resnet
