// The vectorised passes of batch norm over a range of rows (a row is one pixel's C channels).
#pragma once

#include <cstdint>

namespace resnet {

/// A ReLU mask has one bit an element: uint16_t [rows, mask_words(C)], bit i of word k for channel 16k+i.
constexpr int64_t mask_words(int64_t c) { return (c + 15) / 16; }

/// T is float or uint16_t (bf16). No pointer may be null except where said. With `stream`, what is written and does not lie
/// over an input goes past the caches: faster where it would not stay in them until it is read.
template <class T> struct BatchNormLoops {
  /// sum[c] += Σ (x - pivot[c]), square[c] += Σ (x - pivot[c])².
  void (*moments)(const T* x, int64_t rows, int64_t c, const float* pivot, double* sum, double* square);
  /// y = scale·x + shift [+ addend], then a ReLU if `relu`, whose mask is stored. addend and mask may be null; y may be either.
  void (*normalize)(const T* x, const T* addend, T* y, uint16_t* mask, bool relu, bool stream, int64_t rows, int64_t c,
                    const float* scale, const float* shift);
  /// dz = dy where the mask (null: everywhere) is set. sum[c] += Σ dz, product[c] += Σ dz·(x - mean[c]).
  void (*backward_sums)(const T* x, const T* dy, const uint16_t* mask, int64_t rows, int64_t c, const float* mean,
                        double* sum, double* product);
  /// dx = p·dz + q·x + r a channel; d_addend (null: not wanted) = dz, or += dz if `accumulate`. d_addend or
  /// dx may be dy; only d_addend accumulates. dx may be null.
  void (*backward)(const T* x, const T* dy, const uint16_t* mask, T* dx, T* d_addend, bool accumulate, bool stream,
                   int64_t rows, int64_t c, const float* p, const float* q, const float* r);
};

struct BatchNormTable {
  BatchNormLoops<float> f32;
  BatchNormLoops<uint16_t> bf16;
};

const BatchNormTable& batch_norm_table();

}  // namespace resnet
