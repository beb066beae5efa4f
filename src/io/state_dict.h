// Comparing weights with what a model wants.
#pragma once

#include <string_view>

#include "resnet/checkpoint.h"

namespace resnet {

/// "….num_batches_tracked": PyTorch's count of batches in a batch norm, which nothing here reads.
bool is_batch_counter(std::string_view key);
/// False for tensors of training and of preprocessing: files for other programs keep them apart.
bool is_network_tensor(std::string_view name);

}  // namespace resnet
