// What the processor can do at most: loops that do nothing but arithmetic in registers, or nothing but move memory.
// The roofline of `bench` and `plan --profile` is measured with them.
#pragma once

#include "ops/cpu/peak_table.h"
#include "resnet/tensor.h"

namespace resnet {

/// The fastest instructions that isa() has for products of this dtype: with sums in f32, of u8 in i32 (or, below AVX-512,
/// those for f32).
PeakArithmetic peak_arithmetic(DType dtype);
const PeakMemory& peak_memory();

}  // namespace resnet
