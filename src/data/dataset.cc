// What all data sets share: the picture in the wanted size for those that keep theirs encoded.
#include <cstring>

#include "resnet/data.h"

namespace resnet {

void Dataset::image_into(int64_t i, const Fit& fit, uint8_t* out) const {
  const Tensor picture = image(i);
  const bool fits = picture.shape()[0] == fit.size && picture.shape()[1] == fit.size && fit.resize == fit.size;
  const Tensor fitted = fits ? picture : resize_and_crop(picture, fit);
  std::memcpy(out, fitted.raw(), fitted.bytes());
}

}  // namespace resnet
