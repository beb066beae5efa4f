// Reading maps the file, so that a tensor costs nothing until it is touched; writing goes through a temporary file.
#include "io/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "core/check.h"
#include "data/mapped_file.h"
#include "io/atomic_file.h"
#include "io/safetensors_header.h"

namespace resnet {

namespace {

static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian");
constexpr uint64_t kLengthBytes = 8;

/// A view of the bytes, or a copy where the file has put the elements at an odd address.
Tensor tensor_at(const uint8_t* data, const SafetensorsEntry& entry, const std::shared_ptr<void>& owner) {
  void* address = const_cast<uint8_t*>(data + entry.begin);
  if (reinterpret_cast<uintptr_t>(address) % size_of(entry.dtype) == 0)
    return Tensor::view(address, entry.shape, entry.dtype, owner);
  Tensor copy(entry.shape, entry.dtype);
  std::memcpy(copy.raw(), address, copy.bytes());
  return copy;
}

/// A file's bytes: the header with its length, then the tensors where they lie.
struct SafetensorsParts {
  std::string header;
  std::vector<std::span<const std::byte>> tensors;
};

}  // namespace

SafetensorsFile parse_safetensors(std::span<const uint8_t> bytes, const std::shared_ptr<void>& owner,
                                  const std::string& file) {
  CHECK(bytes.size() > kLengthBytes, file, ": only ", bytes.size(),
        " bytes; not a safetensors file, or a truncated one");
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLengthBytes);
  const uint64_t rest = bytes.size() - kLengthBytes;
  CHECK(length <= kMaxSafetensorsHeader && length <= rest, file, ": the header claims ", length,
        " bytes, the file has ", rest, " after the length; not a safetensors file, or a truncated one");
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, length);
  SafetensorsHeader header = parse_safetensors_header(text, rest - length, file);
  SafetensorsFile result;
  result.metadata = std::move(header.metadata);
  const uint8_t* data = bytes.data() + kLengthBytes + length;
  for (const auto& [name, entry] : header.entries) result.tensors[name] = tensor_at(data, entry, owner);
  return result;
}

SafetensorsFile read_safetensors(const std::string& path) {
  const auto file = std::make_shared<MappedFile>(path, MappedFile::Access::copy_on_write);
  return parse_safetensors(file->bytes(), file, path);
}

SafetensorsParts format_safetensors_parts(const StateDict& tensors,
                                          const std::map<std::string, std::string>& metadata) {
  std::vector<std::pair<std::string, Tensor>> order(tensors.begin(), tensors.end());
  // Wide elements first: every tensor then lies at a multiple of its element's size.
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return size_of(a.second.dtype()) > size_of(b.second.dtype()); });
  SafetensorsHeader header{.entries = {}, .metadata = metadata};
  SafetensorsParts parts;
  uint64_t offset = 0;
  for (const auto& [name, tensor] : order) {
    CHECK(!tensor.empty(), "tensor '", name, "' has no storage");
    header.entries[name] = {tensor.dtype(), tensor.shape(), offset, offset + tensor.bytes()};
    offset += tensor.bytes();
    parts.tensors.push_back({static_cast<const std::byte*>(tensor.raw()), tensor.bytes()});
  }
  const std::string text = format_safetensors_header(header);
  const uint64_t length = text.size();
  CHECK(length <= kMaxSafetensorsHeader, "a header of ", length, " bytes is too long for safetensors");
  parts.header = std::string(reinterpret_cast<const char*>(&length), kLengthBytes) + text;
  return parts;
}

std::string format_safetensors(const StateDict& tensors, const std::map<std::string, std::string>& metadata) {
  SafetensorsParts parts = format_safetensors_parts(tensors, metadata);
  for (const auto& part : parts.tensors) parts.header.append(reinterpret_cast<const char*>(part.data()), part.size());
  return std::move(parts.header);
}

void write_safetensors(const std::string& path, const StateDict& tensors,
                       const std::map<std::string, std::string>& metadata) {
  const SafetensorsParts made = format_safetensors_parts(tensors, metadata);
  std::vector<std::span<const std::byte>> parts{std::as_bytes(std::span(made.header))};
  parts.insert(parts.end(), made.tensors.begin(), made.tensors.end());
  write_file_atomically(path, parts);
}

}  // namespace resnet
