// What a convolution with batch norm shares with the convolution that reads its output.
// Deferred normalisation: a convolution with batch norm and ReLU leaves both to the convolution that reads its output, which
// applies them as it reads, so that the normalised activations never go to memory. Backward, that reader writes the gradient
// behind the ReLU (dz) and adds up what the batch norm needs of it.
// Delegated sums: where the output is finished, but a convolution is the last to add to its gradient, that one does the same.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ops/cpu/batch_norm_sums.h"

namespace resnet {

struct Deferral {
  Deferral(void* memory, int64_t c)
      : scale(static_cast<float*>(memory)),
        shift(scale + c),
        mean(shift + c),
        inv_std(mean + c),
        sums(reinterpret_cast<double*>(inv_std + c)) {}

  static size_t bytes(int64_t c, int threads) {
    return static_cast<size_t>(4 * c) * sizeof(float) + sums_bytes(c, threads);
  }

  float *scale, *shift;   ///< [c]; the value is relu(scale·y + shift)
  float *mean, *inv_std;  ///< [c], of y over the batch
  double* sums;  ///< [threads][2][c], as in batch_norm_sums.h: forward Σy and Σy², backward Σdz and Σdz·y
};

/// All that a batch norm with finished output keeps for backward, in one piece of memory.
struct NormMemory {
  NormMemory(void* memory, int64_t c, int threads, size_t mask_bytes)
      : state(memory, c),
        mask(reinterpret_cast<uint16_t*>(static_cast<char*>(memory) + state_bytes(c, threads))),
        raw(reinterpret_cast<uint16_t*>(reinterpret_cast<char*>(mask) + mask_bytes)) {}

  static size_t state_bytes(int64_t c, int threads) { return (Deferral::bytes(c, threads) + 63) / 64 * 64; }
  static size_t mask_bytes(int64_t pixels, int64_t c) {
    return static_cast<size_t>((pixels * ((c + 15) / 16) * 2 + 63) / 64 * 64);
  }

  Deferral state;
  uint16_t* mask;  ///< of the ReLU, as in batch_norm_loops.h; none where mask_bytes is 0
  uint16_t* raw;   ///< what the convolution wrote
};

}  // namespace resnet
