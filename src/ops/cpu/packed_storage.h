// Memory for weights in a kernel's layout.
#pragma once

#include "resnet/tensor.h"

namespace resnet {

/// Zeroed, 64-byte aligned. The tensors of kernels that are made one after another lie together on huge pages, which are not
/// touched before they are packed: that takes few page faults, and the threads that pack share them.
Tensor packed_storage(const Shape& shape, DType dtype);

}  // namespace resnet
