// How a part of the training pictures becomes the validation pictures.
#pragma once

#include "resnet/data.h"

namespace resnet {

/// Decides what is trained on and what validated: train without val gives every tenth picture of each class to it, or counts
/// as val as a whole (options.training); options.train_split; and whether the pictures are photographs. An empty set counts
/// as none. The description becomes "90 + 10 of 2 classes".
void complete_splits(DataSplits& splits, const DataOptions& options);

/// Every tenth picture of each class goes from train to val; of a class of 2 to 9 pictures the last one.
void hold_out_of_each_class(DataSplits& splits);

}  // namespace resnet
