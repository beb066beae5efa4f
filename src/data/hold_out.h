// How a part of the training pictures becomes the validation pictures.
#pragma once

#include "resnet/data.h"

namespace resnet {

/// Every tenth picture of each class goes from train to val; of a class of 2 to 9 pictures the last one.
void hold_out_of_each_class(DataSplits& splits);

}  // namespace resnet
