// Where the files inside a tar archive lie: POSIX ustar and pax, and GNU's long names. Nothing is unpacked.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace resnet {

/// A regular file inside an archive.
struct TarMember {
  std::string name;
  uint64_t offset, size;  ///< of its bytes in the archive
};

struct TarListing {
  std::vector<TarMember> members;  ///< in the archive's order, all of them whole
  std::string damage;              ///< why the archive could not be read to its end; "" where it could
};

/// Fills `out` with the archive's bytes from `at` on, which are there.
using ReadAt = std::function<void(uint64_t at, std::span<uint8_t> out)>;

/// Lists an archive of `size` bytes. Links, folders and devices are passed over.
TarListing list_tar(uint64_t size, const ReadAt& read_at);

/// The header and the padded bytes of a regular file, for an archive that tar_end() ends. `name`: at most 100 bytes.
std::string tar_entry(const std::string& name, const std::string& bytes);
std::string tar_end();

}  // namespace resnet
