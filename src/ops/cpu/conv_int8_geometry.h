// How an int8 convolution becomes products of tiles. Where these want pixels evenly apart, output pixels are numbered along rows
// of the padded picture: any sixteen in a row are then the same distance apart in memory, whatever the kernel's size and stride.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ops/cpu/conv_shape.h"

namespace resnet {

/// Places are the numbers of output pixels: place = row·row_places + column. If they are even, columns beyond the picture are
/// computed and thrown away; else there are none. A window holds the padded picture, its rows dealt out to `planes` planes by
/// row modulo stride, so that the next place in a column is one plane row on. direct: x itself is the window (1x1, stride 1).
/// unrolled (few channels, stride 2): a window row holds, place by place, what is read of two rows of the picture, and some
/// output rows of a picture count as a picture of their own here.
struct Int8Geometry {
  Int8Geometry(const ConvShape& s, bool even);

  ConvShape shape;
  bool even;
  bool direct = false, unrolled = false;
  int64_t pictures = 0, places = 0;            ///< of a picture; direct: one that holds all
  int64_t row_places = 0, window_columns = 0;  ///< places in a row of the numbering, and of the window
  int64_t tiles = 0;                           ///< of 16 places, a picture
  int64_t place_bytes = 0;                     ///< in the window, from a place to the next
  std::vector<int64_t> block;   ///< [blocks], bytes from a place to the 64 elements of a block of the sum
  std::vector<int> quads;       ///< [blocks], as in Int8Product
  std::vector<int32_t> weight;  ///< [blocks·64], index into a channel's [C,k,k] weights; -1: none
  int64_t row_bytes = 0;        ///< of a plane
  int64_t line_bytes = 0;       ///< of a padded row of the picture
  int64_t plane_rows = 0, plane_bytes = 0, planes = 0, window_bytes = 0;

  int64_t blocks() const { return static_cast<int64_t>(block.size()); }
  /// The pixel of y (within the picture) at a place; -1: none.
  int64_t pixel(int64_t place) const;
  /// Bytes in the window to a place, existing or not.
  int64_t at(int64_t place) const;
  /// Fills the part of the window that places [begin, end) of a picture read, with `zero` around the picture.
  void load(const uint8_t* x, int64_t picture, int64_t begin, int64_t end, uint8_t zero, uint8_t* window) const;

 private:
  void plan_direct();
  void plan_window();
  void plan_unrolled();
  void load_unrolled(const uint8_t* x, int64_t picture, int64_t begin, int64_t end, uint8_t zero,
                     uint8_t* window) const;
  void load_row(const uint8_t* picture, int64_t row, uint8_t zero, uint8_t* to) const;
};

}  // namespace resnet
