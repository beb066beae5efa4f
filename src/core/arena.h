// One block of memory for all of a plan's buffers, on huge pages where the system has them.
#pragma once

#include <cstddef>

namespace resnet {

class Arena {
 public:
  /// Zeroed and already backed by memory, so that running on it takes no page faults. Throws Error when there is not enough.
  explicit Arena(size_t bytes);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  std::byte* at(size_t offset) const { return data_ + offset; }
  size_t bytes() const { return bytes_; }

 private:
  std::byte* data_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace resnet
