#include "data/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/check.h"

namespace resnet {

MappedFile::MappedFile(const std::string& path, Access access) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  CHECK(fd >= 0, "cannot open ", path, ": ", std::strerror(errno));
  struct stat info {};
  const bool known = ::fstat(fd, &info) == 0;
  const bool regular = known && S_ISREG(info.st_mode);
  void* data = nullptr;
  if (regular && info.st_size > 0)
    data =
        ::mmap(nullptr, static_cast<size_t>(info.st_size), access == Access::read ? PROT_READ : PROT_READ | PROT_WRITE,
               access == Access::read ? MAP_SHARED : MAP_PRIVATE, fd, 0);
  const int error = errno;
  ::close(fd);
  CHECK(regular, path, " is not a regular file");
  CHECK(data != MAP_FAILED, "cannot read ", path, ": ", std::strerror(error));
  data_ = static_cast<const uint8_t*>(data);
  size_ = static_cast<size_t>(info.st_size);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<uint8_t*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

}  // namespace resnet
