// Changes of a picture by a table a channel: posterise, solarise, stretch and equalise, as Pillow's ImageOps do.
#pragma once

#include "data/augment/pixels.h"

namespace resnet {

void posterize(Pixels picture, int bits);         ///< keeps so many high bits of each value
void solarize(Pixels picture, double threshold);  ///< inverts the values from it on
void autocontrast(Pixels picture);                ///< stretches each channel over 0 to 255
void equalize(Pixels picture);  ///< makes each channel's values equally frequent, as far as they can be

}  // namespace resnet
