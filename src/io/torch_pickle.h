// The pickle of a state dict, as torch.save writes it.
#pragma once

#include <string>

#include "resnet/tensor.h"

namespace resnet {

/// An OrderedDict of tensors; the elements of the i-th are those of the storage "i".
std::string torch_pickle(const StateDict& tensors);

}  // namespace resnet
