// Grad-CAM (Selvaraju et al., arXiv 1610.02391): where in a picture a network sees a class.
#pragma once

#include <string>
#include <vector>

#include "resnet/checkpoint.h"
#include "resnet/classifier.h"

namespace resnet {

struct GradCamOptions {
  std::string class_name{};  ///< empty: the likeliest class
  std::string layer{};       ///< whose output is looked at; empty: the last one with more than one pixel
};

struct GradCam {
  Prediction prediction;           ///< of the class that was asked for
  std::vector<Prediction> likely;  ///< the likeliest classes, best first, five at most
  std::string layer;
  Tensor map;        ///< f32 [h,w] of the layer's pixels: ReLU of the weighted sum, 1 at its maximum
  double strongest;  ///< the map's maximum before it was scaled; 0: nothing speaks for the class, and the map is 0
  Tensor overlay;  ///< u8 [H,W,3]: the picture under the map, in its own size; what the network does not see is darker
};

/// `image`: u8 [H,W,3]. Gradients are taken at inference statistics, in f32. Throws Error for an unknown class or layer
/// (naming the nearest), int8 weights, and outputs that are not finite.
GradCam grad_cam(const Checkpoint& checkpoint, const Tensor& image, const GradCamOptions& options = {});

}  // namespace resnet
