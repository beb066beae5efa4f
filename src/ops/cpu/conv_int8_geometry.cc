#include "ops/cpu/conv_int8_geometry.h"

#include <algorithm>
#include <cstring>

#include "ops/cpu/int8_tile.h"

namespace resnet {

Int8Geometry::Int8Geometry(const ConvShape& s, bool even) : shape(s), even(even) {
  direct = is_pixelwise(s) && s.c % kInt8Sum == 0;
  if (direct)
    plan_direct();
  else
    plan_window();
  tiles = ceil_div(places, kInt8Rows);
}

void Int8Geometry::plan_direct() {
  pictures = 1;
  places = row_places = window_columns = shape.n * shape.h * shape.w;
  place_bytes = shape.c;
  for (int64_t c = 0; c < shape.c; ++c) {
    if (c % kInt8Sum == 0) {
      block.push_back(c);
      quads.push_back(kInt8Sum / 4);
    }
    weight.push_back(static_cast<int32_t>(c));
  }
}

// The rows of the window share the padding between them: what is right of one row is left of the next.
void Int8Geometry::plan_window() {
  const ConvShape& s = shape;
  const int64_t row_pixels = std::max(round_up(s.w + s.pad, s.stride), s.stride * s.ow);
  pictures = s.n;
  window_columns = row_pixels / s.stride;
  row_places = even ? window_columns : s.ow;
  places = s.oh * row_places;
  place_bytes = s.stride * s.c;
  row_bytes = row_pixels * s.c;
  planes = std::min(s.stride, s.k);
  plane_rows = s.oh + (s.k - 1) / s.stride;
  // Behind the last row: its right padding, the places that fill up the last tile, and the rest of a block.
  const int64_t tail = std::max(s.pad + s.k, kInt8Rows * s.stride + s.k) * s.c + kInt8Sum;
  plane_bytes = round_up(plane_rows * row_bytes + tail, 64);
  window_bytes = planes * plane_bytes;
  for (int64_t ky = 0; ky < s.k; ++ky)
    for (int64_t at = 0; at < round_up(s.k * s.c, kInt8Sum); ++at) {
      if (at % kInt8Sum == 0) {
        block.push_back(ky % s.stride * plane_bytes + ky / s.stride * row_bytes + at);
        quads.push_back(static_cast<int>(ceil_div(std::min(kInt8Sum, s.k * s.c - at), 4)));
      }
      const int64_t kx = at / s.c, c = at % s.c;
      weight.push_back(kx < s.k ? static_cast<int32_t>((c * s.k + ky) * s.k + kx) : -1);
    }
}

int64_t Int8Geometry::pixel(int64_t place) const {
  if (place >= places) return -1;
  if (direct) return place;
  const int64_t column = place % row_places;
  return column < shape.ow ? place / row_places * shape.ow + column : -1;
}

int64_t Int8Geometry::at(int64_t place) const {
  if (!even && place >= places) return 0;
  return (place / row_places * window_columns + place % row_places) * place_bytes;
}

void Int8Geometry::load(const uint8_t* picture, int64_t begin, int64_t end, uint8_t zero, uint8_t* window) const {
  const int64_t first = begin / row_places;
  const int64_t last = std::min((end - 1) / row_places + (shape.k - 1) / shape.stride, plane_rows - 1);
  for (int64_t plane = 0; plane < planes; ++plane) {
    uint8_t* to = window + plane * plane_bytes;
    for (int64_t row = first; row <= last; ++row)
      load_row(picture, row * shape.stride + plane - shape.pad, zero, to + row * row_bytes);
    std::memset(to + (last + 1) * row_bytes, zero, static_cast<size_t>(shape.pad * shape.c));
  }
}

void Int8Geometry::load_row(const uint8_t* picture, int64_t row, uint8_t zero, uint8_t* to) const {
  const int64_t bytes = shape.w * shape.c, before = shape.pad * shape.c;
  if (row < 0 || row >= shape.h) {
    std::memset(to, zero, static_cast<size_t>(row_bytes));
    return;
  }
  std::memset(to, zero, static_cast<size_t>(before));
  std::memcpy(to + before, picture + row * bytes, static_cast<size_t>(std::min(bytes, row_bytes - before)));
  if (row_bytes > before + bytes)
    std::memset(to + before + bytes, zero, static_cast<size_t>(row_bytes - before - bytes));
}

}  // namespace resnet
