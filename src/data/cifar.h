// CIFAR-10 and CIFAR-100 in the binary layout of their authors: records of one label byte (CIFAR-100: coarse, then fine)
// and 3072 bytes of a 32x32 picture, as planes R, G, B. Checksums are not looked at: a folder is used as it is.
#pragma once

#include <string>
#include <vector>

#include "resnet/data.h"

namespace resnet {

enum class CifarKind { cifar10, cifar100 };

/// The layout of one kind: what opening and recognising a folder need.
struct CifarLayout {
  CifarKind kind;
  std::string name;                      ///< "CIFAR-10"
  std::vector<std::string> train_files;  ///< in order
  std::string test_file;
  std::string class_file;            ///< optional in a folder: one class name a line
  int label_bytes;                   ///< the last of them is the label that is used
  std::vector<std::string> classes;  ///< the standard names
};

const std::vector<CifarLayout>& cifar_layouts();

/// Both splits of the folder. Throws Error naming file, record and value for missing, truncated or foreign files and
/// labels out of range.
DataSplits open_cifar(const std::string& folder, const CifarLayout& layout);

}  // namespace resnet
