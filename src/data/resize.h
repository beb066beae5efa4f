// The resizing behind resize_and_crop(), on pixels in memory: any window of any region.
#pragma once

#include <cstdint>

#include "resnet/data.h"

namespace resnet {

/// Output positions [first, first + count) of an axis on which `extent` of `in` samples, from the first on, are scaled to
/// `out`.
struct Axis {
  int64_t in;
  double extent;  ///< in, or less where the samples end within the last one (pictures decoded at a reduced scale)
  int64_t out, first, count;
  int64_t origin = 0;  ///< the first sample that is in memory
};

struct Range {
  int64_t first, count;
};
/// The samples of an axis that its output positions are made of, as far as they are there.
Range samples_of(const Axis& axis, Interpolation interpolation);

/// Rows of `stride` bytes of u8 RGB pixels at x, from the axes' origins on -> u8 [down.count,across.count,3] at y, across first and then down.
void resize_window(const uint8_t* x, int64_t stride, const Axis& down, const Axis& across, Interpolation interpolation,
                   uint8_t* y);

struct FitAxes {
  Axis down, across;
};
/// The axes of `fit` for a picture of this size.
FitAxes fit_axes(int64_t height, int64_t width, const Fit& fit);

/// The whole picture, u8 [H,W,3], with its shorter side at `shorter` pixels.
Tensor resize_shorter_side(const Tensor& image, int64_t shorter, Interpolation interpolation);

}  // namespace resnet
