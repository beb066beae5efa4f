// A run small enough for tests: 8-layer network, 8×8 pictures, six batches an epoch.
#pragma once

#include <cstring>

#include "resnet/train.h"

namespace resnet {

inline TrainConfig tiny_config() {
  TrainConfig c;
  c.model = "cifar-resnet8";
  c.image_size = 8;
  c.data = "synthetic:train=100,val=40,classes=4";
  c.pad = 1;
  c.workers = 0;
  c.batch = 16;
  c.epochs = 2;
  c.lr = 0.05f;
  c.dtype = "f32";
  return c;
}

/// True when two sets of tensors hold the same bits.
inline bool same_bits(const StateDict& a, const StateDict& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [key, tensor] : a) {
    const auto other = b.find(key);
    if (other == b.end() || other->second.bytes() != tensor.bytes()) return false;
    if (std::memcmp(other->second.raw(), tensor.raw(), tensor.bytes()) != 0) return false;
  }
  return true;
}

}  // namespace resnet
