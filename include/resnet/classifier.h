// The shortest way to use a trained network: open a file, classify pictures.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "resnet/checkpoint.h"

namespace resnet {

struct Prediction {
  int index = 0;
  std::string name;
  float probability = 0;  ///< softmax
};

class Classifier {
 public:
  explicit Classifier(const std::string& weights_path, DType dtype = DType::f32);
  explicit Classifier(Checkpoint checkpoint, DType dtype = DType::f32);
  ~Classifier();
  Classifier(Classifier&&) noexcept;

  /// The `top` likeliest classes, best first. `image` is u8 [H,W,3] RGB of any size.
  std::vector<Prediction> classify(const Tensor& image, int top = 5);
  const Checkpoint& checkpoint() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace resnet
