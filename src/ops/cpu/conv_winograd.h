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

/// Of a row or column of a WinogradTile: negative whatever is added.
inline constexpr int64_t kOutside = -(int64_t{1} << 60);

/// Pictures [n,h,w,c] cut into tiles of `side` x `side` pixels that begin `step` apart, the first at (-pad, -pad).
class WinogradTiles {
 public:
  WinogradTiles(int64_t n, int64_t h, int64_t w, int64_t c, int64_t across, int64_t down, int64_t step, int64_t side,
                int64_t pad)
      : n_(n), h_(h), w_(w), c_(c), across_(across), down_(down), step_(step), side_(side), pad_(pad) {}

  int64_t count() const { return n_ * across_ * down_; }

  /// Calls body(t, its WinogradTile, that of the tile before) for the tiles [begin, end).
  template <class Body> void for_each(int64_t begin, int64_t end, const Body& body) const {
    WinogradTile tiles[2];  // in turn
    int64_t n = begin / (across_ * down_), ty = begin / across_ % down_, tx = begin % across_;
    for (int64_t t = begin; t < end; ++t) {
      WinogradTile& tile = tiles[t % 2];
      locate(ty * step_ - pad_, h_, w_ * c_, n * h_ * w_ * c_, tile.row);
      locate(tx * step_ - pad_, w_, c_, 0, tile.column);
      body(t, tile, tiles[(t + 1) % 2]);
      if (++tx < across_) continue;
      tx = 0;
      if (++ty == down_) ty = 0, ++n;
    }
  }

 private:
  void locate(int64_t i, int64_t extent, int64_t step, int64_t first, int64_t* to) const {
    for (int64_t k = 0; k < side_; ++k, ++i) to[k] = i >= 0 && i < extent ? first + i * step : kOutside;
  }

  int64_t n_, h_, w_, c_, across_, down_, step_, side_, pad_;
};

/// Forward or data gradient; for every 3x3 convolution without stride, with channels in multiples of 16 and padding up to 2.
std::unique_ptr<ConvPass> make_winograd(const ConvCase& c, const WinogradAlgorithm& a, std::string name);
std::unique_ptr<ConvPass> make_winograd_weight_gradient(const ConvCase& c, const WinogradAlgorithm& a,
                                                        std::string name);

}  // namespace resnet
