#include "ops/cpu/packed_storage.h"

#include <sys/mman.h>

#include <algorithm>
#include <memory>
#include <mutex>

#include "core/check.h"

namespace resnet {

namespace {

constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kBlock = 8 * kHugePage;

/// Pages from the kernel, given out from the first to the last, and back when the last tensor on them is gone.
class Block {
 public:
  explicit Block(size_t bytes) : mapped_(bytes + kHugePage) {
    mapping_ = ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(mapping_ != MAP_FAILED, "out of memory: ", bytes >> 20, " MiB of weights");
    free_ = mapping_;
    room_ = mapped_;
    std::align(kHugePage, bytes, free_, room_);
    room_ = bytes;
    ::madvise(free_, bytes, MADV_HUGEPAGE);  // a hint: without it, it is merely slower
  }
  ~Block() { ::munmap(mapping_, mapped_); }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  /// Null when there is no room.
  void* take(size_t bytes) {
    if (bytes > room_) return nullptr;
    void* taken = free_;
    free_ = static_cast<char*>(free_) + bytes;
    room_ -= bytes;
    return taken;
  }

 private:
  size_t mapped_, room_ = 0;
  void *mapping_ = nullptr, *free_ = nullptr;
};

}  // namespace

Tensor packed_storage(const Shape& shape, DType dtype) {
#ifdef __SANITIZE_ADDRESS__
  return Tensor(shape, dtype);  // with guards around it
#else
  static std::mutex mutex;
  static std::weak_ptr<Block> current;
  const size_t bytes = (static_cast<size_t>(shape.elements()) * size_of(dtype) + 127) / 64 * 64;
  const std::lock_guard lock(mutex);
  std::shared_ptr<Block> block = current.lock();
  void* data = block ? block->take(bytes) : nullptr;
  if (data == nullptr) {
    block = std::make_shared<Block>(std::max(kBlock, (bytes + kHugePage - 1) / kHugePage * kHugePage));
    data = block->take(bytes);
    current = block;
  }
  return Tensor::view(data, shape, dtype, block);
#endif
}

}  // namespace resnet
