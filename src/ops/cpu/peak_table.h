// The peak loops as peak.cc gets them; plain data only, for the files with the loops are compiled for several instruction sets.
#pragma once

#include <cstdint>

namespace resnet {

/// One thread: `rounds` rounds of independent products of a dtype, their sums thrown away (into sink, 256 aligned bytes).
struct PeakArithmetic {
  void (*run)(int64_t rounds, void* sink) = nullptr;
  int64_t flops_a_round = 0;  ///< a multiply-add is two
};

/// Over n floats, n a multiple of 64, x and y aligned to 64 bytes.
struct PeakMemory {
  void (*read)(const float* x, int64_t n, void* sink);
  void (*copy)(const float* x, float* y, int64_t n);    ///< y stays in the caches
  void (*stream)(const float* x, float* y, int64_t n);  ///< past the caches: best where y does not fit them
};

struct PeakTable {
  PeakArithmetic f32;
  PeakMemory memory;
};

PeakArithmetic peak_avx512_bf16();
PeakArithmetic peak_amx_bf16();
PeakArithmetic peak_int8_avx512();
PeakArithmetic peak_int8_amx();

}  // namespace resnet
