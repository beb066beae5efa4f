// (pixel/255 - mean) / std as one multiply and one subtraction a value: the arithmetic that normalize() and the loader
// share, so that a picture has the same bits in training, evaluation and prediction.
#pragma once

#include <cstdint>
#include <vector>

#include "resnet/data.h"

namespace resnet {

class Normalizer {
 public:
  /// For pictures of the net input's size. Throws Error when mean or std have another shape or dtype than Preprocessing
  /// says, or std is not positive.
  explicit Normalizer(const Preprocessing& preprocessing)
      : Normalizer(preprocessing, preprocessing.size, preprocessing.size) {}
  /// For pictures of any size. Throws Error also where the mean is that of every pixel of another size.
  Normalizer(const Preprocessing& preprocessing, int64_t height, int64_t width);

  int64_t size() const { return size_; }
  const Fit& fit() const { return fit_; }
  /// Pixels [x0, x0 + count) of row y: u8 [count,3] at `in` -> f32 [count,3] at `out`. Thread-safe.
  void row(int64_t y, int64_t x0, int64_t count, const uint8_t* in, float* out) const;

 private:
  int64_t size_, width_;
  Fit fit_;
  bool every_row_;             // has offsets of its own
  std::vector<float> scale_;   // [width,3]: 1 / (255 std), the same for all rows
  std::vector<float> offset_;  // [height,width,3], or [width,3] for all rows: mean / std
};

}  // namespace resnet
