// What a network is shown of a picture: its centre, moved or not, ten crops, or the whole at several sizes, and mirror images.
#pragma once

#include <vector>

#include "data/normalizer.h"
#include "resnet/eval.h"

namespace resnet {

class Views {
 public:
  /// Throws Error for a protocol that makes no sense.
  Views(const Preprocessing& preprocessing, const TestProtocol& protocol);

  /// The views of `picture`, u8 [H,W,3]: f32 [h,w,3], normalised, as many of every picture. Thread-safe.
  std::vector<Tensor> of(const Tensor& picture) const;
  /// The same of picture `i`.
  std::vector<Tensor> of(const Dataset& data, int64_t i) const;
  int64_t count() const;  ///< of a picture
  /// Pixels of all views of a picture; about, where they depend on its form.
  int64_t pixels() const;

 private:
  std::vector<Tensor> of_crop(const Tensor& crop) const;
  std::vector<Tensor> ten_crops(const Tensor& picture) const;
  std::vector<Tensor> scaled(const Tensor& picture) const;
  Tensor normalized(const Tensor& picture) const;  // of the net input's size

  Preprocessing preprocessing_;
  TestProtocol protocol_;
  Normalizer normalizer_;
};

}  // namespace resnet
