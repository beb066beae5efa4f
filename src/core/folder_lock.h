// A folder that one process at a time works in.
#pragma once

#include <string>

namespace resnet {

/// Held until it is destroyed, or the process ends. On file systems that know no locks it holds nothing.
class FolderLock {
 public:
  /// Throws Error with the text `taken` where another process holds it, and where the folder cannot be opened.
  FolderLock(const std::string& folder, const std::string& taken);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace resnet
