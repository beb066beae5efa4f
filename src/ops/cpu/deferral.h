// Deferred normalisation: a convolution with batch norm and ReLU leaves both to the convolution that reads its output, which
// applies them as it reads, so that the normalised activations never go to memory. Backward, that reader writes the gradient
// behind the ReLU (dz) and adds up what the batch norm needs of it. This is the memory that the two share.
#pragma once

#include <cstddef>
#include <cstdint>

namespace resnet {

struct Deferral {
  Deferral(void* memory, int64_t c)
      : scale(static_cast<float*>(memory)),
        shift(scale + c),
        mean(shift + c),
        inv_std(mean + c),
        sums(reinterpret_cast<double*>(inv_std + c)) {}

  static size_t bytes(int64_t c, int threads) {
    return static_cast<size_t>(c) * (4 * sizeof(float) + 2 * sizeof(double) * static_cast<size_t>(threads));
  }

  float *scale, *shift;   ///< [c]; the value is relu(scale·y + shift)
  float *mean, *inv_std;  ///< [c], of y over the batch
  double* sums;           ///< [threads][2][c]: forward Σy and Σy², backward Σdz and Σdz·y
};

}  // namespace resnet
