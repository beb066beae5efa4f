// What all data sets share: the picture in the wanted size for those that keep theirs encoded.
#include <cstring>

#include "data/resize.h"
#include "resnet/data.h"

namespace resnet {

PicturePart whole_part(const Tensor& picture) { return {picture, 0, 0, picture.shape()[0], picture.shape()[1]}; }

PicturePart Dataset::part(int64_t i, const ChoosePart&) const { return whole_part(image(i)); }

void Dataset::image_into(int64_t i, const Fit& fit, uint8_t* out) const {
  const PicturePart part = this->part(i, [&](int64_t height, int64_t width) {
    const FitAxes axes = fit_axes(height, width, fit);
    const Range rows = samples_of(axes.down, fit.interpolation), columns = samples_of(axes.across, fit.interpolation);
    return Rectangle{rows.first, columns.first, rows.count, columns.count};
  });
  const Shape fitting{fit.size, fit.size, 3};
  if (fit.resize == fit.size && part.pixels.shape() == fitting && part.height == fit.size && part.width == fit.size) {
    std::memcpy(out, part.pixels.raw(), part.pixels.bytes());
    return;
  }
  FitAxes axes = fit_axes(part.height, part.width, fit);
  axes.down.origin = part.top;
  axes.across.origin = part.left;
  resize_window(part.pixels.as<uint8_t>().data(), part.pixels.shape()[1] * 3, axes.down, axes.across, fit.interpolation,
                out);
}

}  // namespace resnet
