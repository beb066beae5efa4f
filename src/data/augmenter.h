// From a sample of a data set to what a network sees of it in training: read, augmented, normalised.
#pragma once

#include <vector>

#include "core/rng.h"
#include "data/normalizer.h"
#include "resnet/data.h"

namespace resnet {

class Augmenter {
 public:
  /// Buffers of one thread, kept between calls.
  struct Scratch {
    std::vector<uint8_t> picture, other;
    std::vector<float> row;
  };

  /// What chance is keyed by, beside the sample.
  struct Draw {
    uint64_t seed, epoch;
  };

  /// Throws Error for settings that cannot work.
  Augmenter(const Preprocessing& preprocessing, const Augmentation& augmentation);

  int64_t size() const { return normalizer_.size(); }
  /// What picture `sample` is in this epoch: f32 [size,size,3] at `out`. Thread-safe. Throws what reading a picture throws.
  void make(const Dataset& data, int64_t sample, Draw draw, Scratch& scratch, float* out) const;

 private:
  /// Where a window of the picture begins, in its own coordinates.
  struct Place {
    int64_t top = 0, left = 0;
  };

  bool mirrors(int64_t sample, Draw draw, Rng& rng) const;
  void normalize(const uint8_t* picture, Place place, bool mirror, const float* shift, std::vector<float>& row,
                 float* out) const;

  Normalizer normalizer_;
  Augmentation a_;
  float shift_scale_[3];  // of colour shifts: 1 / std
};

}  // namespace resnet
