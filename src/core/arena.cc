#include "core/arena.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>

#include "core/check.h"

namespace resnet {

namespace {
constexpr size_t kHugePage = size_t{2} << 20;
}

Arena::Arena(size_t bytes) : bytes_((bytes + kHugePage - 1) / kHugePage * kHugePage) {
  if (bytes_ == 0) bytes_ = kHugePage;
  data_ = static_cast<std::byte*>(std::aligned_alloc(kHugePage, bytes_));
  CHECK(data_ != nullptr, "out of memory: the plan needs ", bytes_ >> 20, " MiB; use a smaller batch");
  madvise(data_, bytes_, MADV_HUGEPAGE);  // a hint: without huge pages it is merely slower
  std::memset(data_, 0, bytes_);
}

Arena::~Arena() { std::free(data_); }

}  // namespace resnet
