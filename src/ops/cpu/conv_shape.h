// The sizes of a convolution, and the little arithmetic that kernels share.
#pragma once

#include <cstdint>

namespace resnet {

/// x [n,h,w,c] -> y [n,oh,ow,oc], weight [oc,c/groups,k,k].
struct ConvShape {
  int64_t n, h, w, c;
  int64_t k, stride, pad;
  int64_t oh, ow, oc;
  int64_t groups = 1;
};

/// A 1x1 convolution without stride sees only a list of pixels: n·h·w pictures of one pixel each.
inline bool is_pixelwise(const ConvShape& s) { return s.k == 1 && s.stride == 1 && s.pad == 0; }
inline ConvShape as_pixels(const ConvShape& s) { return {s.n * s.h * s.w, 1, 1, s.c, 1, 1, 0, 1, 1, s.oc}; }

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
inline int64_t round_up(int64_t a, int64_t b) { return ceil_div(a, b) * b; }

}  // namespace resnet
