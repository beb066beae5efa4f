#include "core/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/check.h"

namespace resnet {

FolderLock::FolderLock(const std::string& folder, const std::string& taken)
    : descriptor_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  CHECK(descriptor_ >= 0, "cannot open the folder '", folder, "': ", std::strerror(errno));
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
  ::close(descriptor_);
  throw Error(taken);
}

FolderLock::~FolderLock() { ::close(descriptor_); }

}  // namespace resnet
