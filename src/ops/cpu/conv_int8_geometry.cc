#include "ops/cpu/conv_int8_geometry.h"

#include <algorithm>
#include <cstring>

#include "ops/cpu/int8_tile.h"

namespace resnet {

namespace {

constexpr int64_t kChunk = kInt8Sum / 2;   // bytes of a row for a place; those beyond the kernel have no weights
constexpr int64_t kUnrolled = 256 * 1024;  // bytes of an unrolled window, about

// Output rows whose unrolled windows are held together: a divisor of all.
int64_t rows_together(const ConvShape& s) {
  int64_t rows = std::clamp<int64_t>(kUnrolled / (s.ow * kInt8Sum) - ceil_div(s.k, 2), 1, s.oh);
  while (s.oh % rows != 0) --rows;
  return rows;
}

// Whether unrolling pays: rows that windows share are copied for each of them.
bool unrolls(const ConvShape& s) {
  return s.stride == 2 && s.k > 1 && s.k * s.c <= kChunk && rows_together(s) >= std::min(s.k, s.oh);
}

}  // namespace

Int8Geometry::Int8Geometry(const ConvShape& s, bool even) : shape(s), even(even) {
  direct = is_pixelwise(s) && s.c % kInt8Sum == 0;
  unrolled = even && unrolls(s);
  if (direct)
    plan_direct();
  else if (unrolled)
    plan_unrolled();
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
  row_bytes = line_bytes = row_pixels * s.c;
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

// Rows of the kernel are taken in pairs: two together are a block of the sum, and the next pair is one window row on.
void Int8Geometry::plan_unrolled() {
  const ConvShape& s = shape;
  const int64_t pairs = ceil_div(s.k, 2), rows = rows_together(s);
  place_bytes = kInt8Sum;
  row_bytes = s.ow * place_bytes;
  pictures = s.n * (s.oh / rows);
  row_places = window_columns = s.ow;
  places = rows * s.ow;
  plane_rows = rows + pairs - 1;
  plane_bytes = plane_rows * row_bytes + kInt8Rows * place_bytes;
  line_bytes = (s.w + 2 * s.pad) * s.c;
  window_bytes = plane_bytes + round_up(line_bytes + kChunk, 64);
  for (int64_t ky = 0; ky < 2 * pairs; ++ky) {
    if (ky % 2 == 0) block.push_back(ky / 2 * row_bytes), quads.push_back(kInt8Sum / 4);
    for (int64_t at = 0; at < kChunk; ++at) {
      const bool some = ky < s.k && at < s.k * s.c;
      weight.push_back(some ? static_cast<int32_t>((at % s.c * s.k + ky) * s.k + at / s.c) : -1);
    }
  }
}

// Every row of the picture is padded behind the window and copied from there.
void Int8Geometry::load_unrolled(const uint8_t* x, int64_t picture, int64_t begin, int64_t end, uint8_t zero,
                                 uint8_t* window) const {
  const ConvShape& s = shape;
  const int64_t rows = places / s.ow, strips = s.oh / rows;
  x += picture / strips * s.h * s.w * s.c;
  uint8_t* line = window + plane_bytes;
  for (int64_t row = begin / s.ow; row <= (end - 1) / s.ow + plane_rows - rows; ++row)
    for (int64_t half = 0; half < 2; ++half) {
      load_row(x, (picture % strips * rows + row) * 2 + half - s.pad, zero, line);
      uint8_t* to = window + row * row_bytes + half * kChunk;
      for (int64_t i = 0; i < s.ow; ++i) std::memcpy(to + i * kInt8Sum, line + i * 2 * s.c, kChunk);
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

void Int8Geometry::load(const uint8_t* x, int64_t picture, int64_t begin, int64_t end, uint8_t zero,
                        uint8_t* window) const {
  if (unrolled) return load_unrolled(x, picture, begin, end, zero, window);
  x += picture * shape.h * shape.w * shape.c;
  const int64_t first = begin / row_places;
  const int64_t last = std::min((end - 1) / row_places + (shape.k - 1) / shape.stride, plane_rows - 1);
  for (int64_t plane = 0; plane < planes; ++plane) {
    uint8_t* to = window + plane * plane_bytes;
    for (int64_t row = first; row <= last; ++row)
      load_row(x, row * shape.stride + plane - shape.pad, zero, to + row * row_bytes);
    std::memset(to + (last + 1) * row_bytes, zero, static_cast<size_t>(shape.pad * shape.c));
  }
}

void Int8Geometry::load_row(const uint8_t* picture, int64_t row, uint8_t zero, uint8_t* to) const {
  const int64_t bytes = shape.w * shape.c, before = shape.pad * shape.c;
  if (row < 0 || row >= shape.h) {
    std::memset(to, zero, static_cast<size_t>(line_bytes));
    return;
  }
  std::memset(to, zero, static_cast<size_t>(before));
  std::memcpy(to + before, picture + row * bytes, static_cast<size_t>(std::min(bytes, line_bytes - before)));
  if (line_bytes > before + bytes)
    std::memset(to + before + bytes, zero, static_cast<size_t>(line_bytes - before - bytes));
}

}  // namespace resnet
