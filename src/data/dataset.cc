// What all data sets share: the picture in the wanted size for those that keep theirs encoded.
#include <cstring>

#include "resnet/data.h"

namespace resnet {

void Dataset::image_into(int64_t i, int64_t size, uint8_t* out) const {
  const Tensor picture = image(i);
  const bool fits = picture.shape()[0] == size && picture.shape()[1] == size;
  const Tensor fitted = fits ? picture : resize_and_crop(picture, size);
  std::memcpy(out, fitted.raw(), fitted.bytes());
}

}  // namespace resnet
