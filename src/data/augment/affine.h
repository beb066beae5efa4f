// Pictures sheared, moved and turned: every pixel becomes the nearest one of where it comes from, black outside.
#pragma once

#include <vector>

#include "data/augment/pixels.h"

namespace resnet {

/// Where the pixel at (x, y) comes from: (a·x + b·y + c, d·x + e·y + f), of the pixels' centres.
struct Affine {
  double a, b, c, d, e, f;
};

Affine shear_x(double slope);
Affine shear_y(double slope);
Affine translation(double right, double down);
Affine rotation(double degrees, int64_t height, int64_t width);  ///< counter-clockwise, around the centre

/// In 16-bit fixed point, as Pillow does it: the same bytes.
void transform(Pixels picture, const Affine& from, std::vector<uint8_t>& scratch);

}  // namespace resnet
