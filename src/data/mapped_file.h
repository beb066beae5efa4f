// A file as bytes in memory, mapped and not copied: the pages are shared between processes and can be given back under
// memory pressure, which suits data sets that every epoch reads again.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace resnet {

class MappedFile {
 public:
  /// Throws Error naming the file and the reason (missing, a folder, no permission). An empty file gives no bytes.
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;

  std::span<const uint8_t> bytes() const { return {data_, size_}; }

 private:
  const uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace resnet
