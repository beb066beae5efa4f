// What the passes of Winograd's convolution share: which algorithm a case takes, and how a picture is cut into tiles.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ops/cpu/conv_pass.h"
#include "ops/cpu/conv_winograd_loops.h"

namespace resnet {

struct WinogradAlgorithm {
  const WinogradTransforms* transforms = nullptr;
  const WinogradProducts* products = nullptr;
  DType dtype = DType::f32;  ///< of activations

  int64_t m() const { return transforms->m; }
  int64_t positions() const { return (m() + 2) * (m() + 2); }
  int64_t element() const { return 4 / products->packed; }  ///< bytes of a transformed input or weight
};

/// Pictures [n,h,w,c] cut into tiles of `side` x `side` pixels that begin `step` apart, the first at (-pad, -pad).
class WinogradTiles {
 public:
  WinogradTiles(int64_t n, int64_t h, int64_t w, int64_t c, int64_t across, int64_t down, int64_t step, int64_t side,
                int64_t pad);
  int64_t count() const { return n_ * across_ * down_; }
  /// Offsets in elements of tile t's side² pixels, -1 outside of the picture.
  void offsets(int64_t t, int64_t* pixels) const;

 private:
  int64_t n_, h_, w_, c_, across_, down_, step_, side_, pad_;
};

/// Forward or data gradient; for every 3x3 convolution without stride, with channels in multiples of 16 and padding up to 2.
std::unique_ptr<ConvPass> make_winograd(const ConvCase& c, const WinogradAlgorithm& a, std::string name);
std::unique_ptr<ConvPass> make_winograd_weight_gradient(const ConvCase& c, const WinogradAlgorithm& a,
                                                        std::string name);

}  // namespace resnet
