// A file as bytes in memory, mapped and not copied: a page costs nothing until it is touched, is shared between processes
// and can be given back under memory pressure. This suits data sets that every epoch reads again, and weights.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace resnet {

class MappedFile {
 public:
  enum class Access {
    read,
    copy_on_write,  ///< may be written; a page that is written becomes the process's own and never reaches the file
  };

  /// Throws Error naming the file and the reason (missing, a folder, no permission). An empty file gives no bytes.
  explicit MappedFile(const std::string& path, Access access = Access::read);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;

  std::span<const uint8_t> bytes() const { return {data_, size_}; }

 private:
  const uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace resnet
