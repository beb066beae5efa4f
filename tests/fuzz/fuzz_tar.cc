// Fuzz target: the listing of tar archives; every member must lie inside.
#include <cstdlib>
#include <cstring>

#include "data/tar.h"
#include "touch.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return resnet::fuzz([&] {
    const auto listing = resnet::list_tar(size, [&](uint64_t at, std::span<uint8_t> out) {
      if (at > size || out.size() > size - at) std::abort();
      std::memcpy(out.data(), data + at, out.size());
    });
    for (const resnet::TarMember& m : listing.members)
      if (m.offset > size || m.size > size - m.offset) std::abort();
  });
}
