// Reading maps the file, so that a tensor costs nothing until it is touched; writing goes through a temporary file.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <vector>

#include "core/check.h"
#include "io/atomic_file.h"
#include "io/safetensors_header.h"
#include "resnet/checkpoint.h"

namespace resnet {

namespace {

static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian");
constexpr uint64_t kLengthBytes = 8;

struct Mapping {
  std::shared_ptr<void> owner;  ///< unmaps
  const std::byte* data = nullptr;
  uint64_t size = 0;
};

Mapping map_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  CHECK(fd >= 0, "cannot read '", path, "': ", std::strerror(errno));
  struct stat status {};
  const bool known = ::fstat(fd, &status) == 0;
  if (!known || !S_ISREG(status.st_mode) || static_cast<uint64_t>(status.st_size) <= kLengthBytes) {
    ::close(fd);
    CHECK(known && S_ISREG(status.st_mode), "cannot read '", path, "': it is not a regular file");
    throw Error(join(path, ": only ", status.st_size, " bytes; not a safetensors file, or a truncated one"));
  }
  const size_t size = static_cast<size_t>(status.st_size);
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  const int error = errno;
  ::close(fd);
  CHECK(address != MAP_FAILED, "cannot map '", path, "' into memory: ", std::strerror(error));
  return {std::shared_ptr<void>(address, [size](void* p) { ::munmap(p, size); }),
          static_cast<const std::byte*>(address), size};
}

/// A view of the mapping, or a copy where the file has put the elements at an odd address.
Tensor tensor_at(const std::byte* data, const SafetensorsEntry& entry, const std::shared_ptr<void>& owner) {
  void* address = const_cast<std::byte*>(data + entry.begin);
  if (reinterpret_cast<uintptr_t>(address) % size_of(entry.dtype) == 0)
    return Tensor::view(address, entry.shape, entry.dtype, owner);
  Tensor copy(entry.shape, entry.dtype);
  std::memcpy(copy.raw(), address, copy.bytes());
  return copy;
}

std::span<const std::byte> bytes_of(const Tensor& tensor) {
  return {static_cast<const std::byte*>(tensor.raw()), tensor.bytes()};
}

}  // namespace

SafetensorsFile read_safetensors(const std::string& path) {
  const Mapping file = map_file(path);
  uint64_t length = 0;
  std::memcpy(&length, file.data, kLengthBytes);
  const uint64_t rest = file.size - kLengthBytes;
  CHECK(length <= kMaxSafetensorsHeader && length <= rest, path, ": the header claims ", length,
        " bytes, the file has ", rest, " after the length; not a safetensors file, or a truncated one");
  const std::string_view text(reinterpret_cast<const char*>(file.data) + kLengthBytes, length);
  SafetensorsHeader header = parse_safetensors_header(text, rest - length, path);
  SafetensorsFile result;
  result.metadata = std::move(header.metadata);
  const std::byte* data = file.data + kLengthBytes + length;
  for (const auto& [name, entry] : header.entries) result.tensors[name] = tensor_at(data, entry, file.owner);
  return result;
}

void write_safetensors(const std::string& path, const StateDict& tensors,
                       const std::map<std::string, std::string>& metadata) {
  std::vector<std::pair<std::string, Tensor>> order(tensors.begin(), tensors.end());
  // Wide elements first: every tensor then lies at a multiple of its element's size.
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return size_of(a.second.dtype()) > size_of(b.second.dtype()); });
  SafetensorsHeader header{.entries = {}, .metadata = metadata};
  uint64_t offset = 0;
  for (const auto& [name, tensor] : order) {
    CHECK(!tensor.empty(), "cannot write '", path, "': tensor '", name, "' has no storage");
    header.entries[name] = {tensor.dtype(), tensor.shape(), offset, offset + tensor.bytes()};
    offset += tensor.bytes();
  }
  const std::string text = format_safetensors_header(header);
  const uint64_t length = text.size();
  CHECK(length <= kMaxSafetensorsHeader, "cannot write '", path, "': a header of ", length, " bytes is too long");
  std::vector<std::span<const std::byte>> parts{std::as_bytes(std::span(&length, 1)), std::as_bytes(std::span(text))};
  for (const auto& [name, tensor] : order) parts.push_back(bytes_of(tensor));
  write_file_atomically(path, parts);
}

}  // namespace resnet
