// A buffer with a canary on either side: finds kernels that write outside of what they were given. In builds with
// AddressSanitizer the canaries are also poisoned, which finds reads.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

namespace resnet::conformance {

class Guarded {
 public:
  /// All bytes are 0xff, which is NaN in f32 and bf16: what a kernel forgets to write does not pass for a result.
  explicit Guarded(size_t bytes)
      : bytes_(bytes), memory_(static_cast<uint8_t*>(std::aligned_alloc(kGuard, total())), &std::free) {
    std::memset(memory_.get(), kCanary, total());
    std::memset(data(), 0xff, bytes_);
    poison();
  }
  ~Guarded() { unpoison(); }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  void* data() const { return memory_.get() + kGuard; }
  size_t bytes() const { return bytes_; }
  void scribble() const { std::memset(data(), 0xff, bytes_); }

  /// Empty, or where a canary was overwritten.
  std::string damage() const {
    unpoison();
    std::string found;
    for (size_t i = 0; i < kGuard && found.empty(); ++i)
      if (memory_.get()[i] != kCanary) found = std::to_string(kGuard - i) + " bytes before its start";
    for (size_t i = kGuard + bytes_; i < total() && found.empty(); ++i)
      if (memory_.get()[i] != kCanary) found = std::to_string(i - kGuard - bytes_) + " bytes behind its end";
    poison();
    return found;
  }

 private:
  static constexpr size_t kGuard = 256;
  static constexpr uint8_t kCanary = 0xa5;

  size_t total() const { return 2 * kGuard + (bytes_ + kGuard - 1) / kGuard * kGuard; }
  void poison() const {
    ASAN_POISON_MEMORY_REGION(memory_.get(), kGuard);
    ASAN_POISON_MEMORY_REGION(memory_.get() + kGuard + bytes_, total() - kGuard - bytes_);
  }
  void unpoison() const { ASAN_UNPOISON_MEMORY_REGION(memory_.get(), total()); }

  size_t bytes_;
  std::unique_ptr<uint8_t, void (*)(void*)> memory_;
};

}  // namespace resnet::conformance
