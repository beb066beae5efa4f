// Comparing weights with what a model wants.
#pragma once

#include <string_view>

#include "resnet/checkpoint.h"

namespace resnet {

/// "….num_batches_tracked": PyTorch's count of batches in a batch norm, which nothing here reads.
bool is_batch_counter(std::string_view key);

}  // namespace resnet
