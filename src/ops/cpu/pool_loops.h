// The vectorised loops of pooling and of the channel-padding shortcut, for some rows of one picture of a batch.
#pragma once

#include <cstdint>

namespace resnet {

struct PoolShape {
  int64_t h = 0, w = 0, c = 0;  ///< input
  int64_t oh = 0, ow = 0;       ///< output
  int64_t kh = 1, kw = 1, stride = 1, pad = 0;
};

/// The rows [begin, end) of a picture that a call writes: of y, or backward of dx. With `stream` they go past the caches;
/// with `accumulate`, dx += instead of dx =.
struct PoolRows {
  int64_t begin = 0, end = 0;
  bool stream = false, accumulate = false;
};

/// T is float or uint16_t (bf16). x, dx [h,w,c]; y, dy [oh,ow,c]; winner [oh,ow,c]: the place in the window of the maximum,
/// row-major; null when it is not wanted.
template <class T> struct PoolLoops {
  void (*max)(const PoolShape& s, const PoolRows& rows, const T* x, T* y, uint8_t* winner);
  void (*max_backward)(const PoolShape& s, const PoolRows& rows, const T* dy, const uint8_t* winner, T* dx);
  void (*average)(const PoolShape& s, const PoolRows& rows, const T* x, T* y);
  void (*average_backward)(const PoolShape& s, const PoolRows& rows, const T* dy, T* dx);
  /// y [oh,ow,out]: every stride-th pixel of x at channels [before, before + c), zeros elsewhere.
  void (*pad_channels)(const PoolShape& s, const PoolRows& rows, const T* x, T* y, int64_t out, int64_t before);
  void (*pad_channels_backward)(const PoolShape& s, const PoolRows& rows, const T* dy, T* dx, int64_t out,
                                int64_t before);
};

struct PoolTable {
  PoolLoops<float> f32;
  PoolLoops<uint16_t> bf16;
};

/// The best loops for this processor.
template <class T> const PoolLoops<T>& pool_loops();

}  // namespace resnet
