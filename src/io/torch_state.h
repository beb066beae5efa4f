// From a pickle of PyTorch's to named tensors.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "io/pickle.h"
#include "resnet/checkpoint.h"

namespace resnet {

/// The raw elements that the tensors of a file share.
struct TorchStorages {
  std::map<std::string, std::span<const uint8_t>, std::less<>> by_key;
  std::shared_ptr<void> owner;  ///< keeps the bytes alive
  bool swapped = false;         ///< elements are big-endian
  std::string file;             ///< for messages
};

/// What a storage holds: its key, the type of its elements and their number, as its persistent id says. Throws Error where
/// the value is no such id.
struct TorchStorageId {
  std::string_view key;
  DType dtype = DType::f32;
  bool typed = true;  ///< false: bytes, whose type the tensor says
  int64_t elements = 0;
  std::string_view view_key;  ///< legacy format: a part of the storage `key`, in elements; empty: the whole
  int64_t view_offset = 0, view_elements = 0;
};
TorchStorageId torch_storage_id(const pickle::Pickle& p, const pickle::Value& persistent, const std::string& where);

/// The tensors of the weights in the pickle; those that lie densely and in order are views of their storage. All lie inside
/// their storages; copies are bounded by the storages' sizes. Throws Error for anything else.
SafetensorsFile torch_tensors(const pickle::Pickle& p, const TorchStorages& storages);

}  // namespace resnet
