#include "data/augment/affine.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace resnet {

namespace {

int64_t fixed(double v) { return static_cast<int64_t>(std::floor(v * 65536.0 + 0.5)); }

}  // namespace

Affine shear_x(double slope) { return {1, slope, 0, 0, 1, 0}; }
Affine shear_y(double slope) { return {1, 0, 0, slope, 1, 0}; }
Affine translation(double right, double down) { return {1, 0, -right, 0, 1, -down}; }

Affine rotation(double degrees, int64_t height, int64_t width) {
  const double angle = -degrees * std::numbers::pi / 180, cos = std::cos(angle), sin = std::sin(angle);
  const double x = static_cast<double>(width) / 2, y = static_cast<double>(height) / 2;
  return {cos, sin, x - cos * x - sin * y, -sin, cos, y + sin * x - cos * y};
}

void transform(Pixels p, const Affine& from, std::vector<uint8_t>& scratch) {
  scratch.assign(p.data, p.data + 3 * p.count());
  const int64_t dx = fixed(from.a), dy = fixed(from.d);
  int64_t row_x = fixed(from.c + from.a * 0.5 + from.b * 0.5), row_y = fixed(from.f + from.d * 0.5 + from.e * 0.5);
  uint8_t* out = p.data;
  for (int64_t row = 0; row < p.height; ++row, row_x += fixed(from.b), row_y += fixed(from.e)) {
    int64_t x = row_x, y = row_y;
    for (int64_t column = 0; column < p.width; ++column, out += 3, x += dx, y += dy) {
      const int64_t sx = x >> 16, sy = y >> 16;
      if (sx < 0 || sx >= p.width || sy < 0 || sy >= p.height)
        std::fill_n(out, 3, uint8_t{0});
      else
        std::copy_n(scratch.data() + 3 * (sy * p.width + sx), 3, out);
    }
  }
}

}  // namespace resnet
