// Where an int8 convolution finds its pixels: in both numberings every output pixel has one place, which is where its window
// begins, and even places are evenly apart (AMX reads them so).
#include "ops/cpu/conv_int8_geometry.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "ops/cpu/int8_tile.h"

namespace resnet {
namespace {

struct Case {
  int64_t n, h, w, c, kernel, stride, pad;
};

class Int8Places : public testing::TestWithParam<Case> {
 protected:
  static ConvShape shape() {
    const Case& c = GetParam();
    const auto out = [&](int64_t side) { return (side + 2 * c.pad - c.kernel) / c.stride + 1; };
    return {c.n, c.h, c.w, c.c, c.kernel, c.stride, c.pad, out(c.h), out(c.w), 8};
  }
};

TEST_P(Int8Places, CoverThePicture) {
  for (bool even : {false, true}) {
    SCOPED_TRACE(even ? "even" : "only pixels");
    const Int8Geometry g(shape(), even);
    const int64_t pixels = g.shape.n * g.shape.oh * g.shape.ow / g.pictures;
    std::set<int64_t> found;
    for (int64_t place = 0; place < g.tiles * kInt8Rows; ++place) {
      const int64_t pixel = g.pixel(place);
      if (even && place > 0) {
        EXPECT_EQ(g.at(place) - g.at(place - 1), g.place_bytes);
      }
      if (pixel < 0) continue;
      EXPECT_TRUE(found.insert(pixel).second) << "pixel " << pixel << " twice";
      const int64_t row = g.direct ? 0 : pixel / g.shape.ow, column = g.direct ? pixel : pixel % g.shape.ow;
      EXPECT_EQ(g.at(place), (row * g.window_columns + column) * g.place_bytes);
    }
    EXPECT_EQ(static_cast<int64_t>(found.size()), pixels);
    EXPECT_EQ(*found.rbegin(), pixels - 1);
    if (!even) {
      EXPECT_EQ(g.places, pixels);
    }
  }
}

// The part of a sum that counts is where weights are.
TEST_P(Int8Places, CountTheQuadsWithWeights) {
  const Int8Geometry g(shape(), false);
  for (int64_t k = 0; k < g.blocks(); ++k)
    for (int64_t i = 0; i < kInt8Sum; ++i) {
      const bool some = g.weight[static_cast<size_t>(k * kInt8Sum + i)] >= 0;
      EXPECT_LE(some ? i / 4 + 1 : 0, g.quads[static_cast<size_t>(k)]) << "element " << i << " of block " << k;
    }
}

// What blocks of the sum find in the window, loaded in two parts, is what the convolution reads.
TEST_P(Int8Places, LoadWhatTheSumReads) {
  const Int8Geometry g(shape(), true);
  const ConvShape s = g.shape;
  constexpr uint8_t kZero = 77;
  std::vector<uint8_t> x(static_cast<size_t>(s.n * s.h * s.w * s.c));
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<uint8_t>(i * 131 % 251);
  const int64_t pixels = s.n * s.oh * s.ow / g.pictures;
  for (int64_t picture = 0; picture < g.pictures; ++picture) {
    std::vector<uint8_t> window = x;
    if (!g.direct) {
      window.assign(static_cast<size_t>(g.window_bytes), 0);
      const int64_t part = g.places / 2 + 1;
      g.load(x.data(), picture, 0, part, kZero, window.data());
      if (part < g.places) g.load(x.data(), picture, part, g.places, kZero, window.data());
    }
    for (int64_t place = 0; place < g.places; ++place) {
      const int64_t pixel = g.pixel(place);
      if (pixel < 0) continue;
      const int64_t p = picture * pixels + pixel, n = p / (s.oh * s.ow), oy = p / s.ow % s.oh, ox = p % s.ow;
      for (size_t i = 0; i < g.weight.size(); ++i) {
        if (g.weight[i] < 0) continue;
        const int64_t c = g.weight[i] / (s.k * s.k), ky = g.weight[i] / s.k % s.k, kx = g.weight[i] % s.k;
        const int64_t iy = oy * s.stride + ky - s.pad, ix = ox * s.stride + kx - s.pad;
        const bool inside = iy >= 0 && iy < s.h && ix >= 0 && ix < s.w;
        const uint8_t wanted = inside ? x[static_cast<size_t>(((n * s.h + iy) * s.w + ix) * s.c + c)] : kZero;
        const int64_t at = g.at(place) + g.block[i / kInt8Sum] + static_cast<int64_t>(i % kInt8Sum);
        ASSERT_EQ(window[static_cast<size_t>(at)], wanted)
            << "picture " << picture << ", place " << place << ", element " << i;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, Int8Places,
                         testing::Values(Case{3, 7, 7, 64, 1, 1, 0}, Case{2, 7, 7, 64, 3, 1, 1},
                                         Case{1, 14, 9, 16, 3, 2, 1}, Case{1, 30, 30, 3, 7, 2, 3},
                                         Case{2, 24, 1500, 1, 3, 2, 1}, Case{1, 73, 300, 3, 7, 2, 3},
                                         Case{1, 5, 6, 24, 1, 2, 0}, Case{2, 9, 4, 3, 5, 3, 0},
                                         Case{1, 11, 11, 32, 3, 1, 2}));

}  // namespace
}  // namespace resnet
