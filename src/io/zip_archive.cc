#include "io/zip_archive.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "core/check.h"

namespace resnet {

namespace {

constexpr uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50, kEnd = 0x06054b50;
constexpr size_t kLocalBytes = 30, kCentralBytes = 46, kEndBytes = 22;
constexpr size_t kMaxComment = 65535, kAlignment = 64;
constexpr uint32_t kUtf8Names = 0x800, kDosDate = 0x21;  // 1980-01-01: archives of the same tensors are the same bytes
constexpr uint64_t kMax32 = 0xffffffff;

/// Little-endian numbers at places that are known to lie inside.
uint32_t u16(std::span<const uint8_t> b, size_t at) { return static_cast<uint32_t>(b[at] | b[at + 1] << 8); }
uint32_t u32(std::span<const uint8_t> b, size_t at) { return u16(b, at) | u16(b, at + 2) << 16; }

struct End {
  size_t entries = 0, directory = 0;  ///< number, and where they begin
};

End find_end(std::span<const uint8_t> b, const std::string& file) {
  CHECK(b.size() >= kEndBytes, file, ": only ", b.size(), " bytes; not a zip archive, or a truncated one");
  const size_t last = b.size() - kEndBytes, first = last - std::min(last, kMaxComment);
  for (size_t at = last + 1; at-- > first;) {
    if (u32(b, at) != kEnd || at + kEndBytes + u16(b, at + 20) != b.size()) continue;
    const End end{u16(b, at + 10), u32(b, at + 16)};
    CHECK(end.entries != 0xffff && end.directory != kMax32, file,
          ": a zip archive of more than 4 GB or 65,534 members is not supported");
    CHECK(u16(b, at + 4) == 0 && u16(b, at + 8) == end.entries, file,
          ": a zip archive in several parts is not supported");
    return end;
  }
  throw Error(join(file, ": the zip archive has no end record; the file is truncated or damaged"));
}

std::span<const uint8_t> member(std::span<const uint8_t> b, size_t entry, const std::string& where) {
  CHECK((u16(b, entry + 8) & 1) == 0, where, " is encrypted");
  CHECK(u16(b, entry + 10) == 0, where,
        " is compressed, which torch.save does not do; of TorchScript save the network's state_dict() instead, else "
        "unpack and save the file anew");
  const uint64_t size = u32(b, entry + 24), local = u32(b, entry + 42);
  CHECK(size != kMax32 && local != kMax32, where, " is of more than 4 GB, which is not supported");
  CHECK(size == u32(b, entry + 20), where, " has two different sizes; the file is damaged");
  CHECK(local + kLocalBytes <= b.size() && u32(b, local) == kLocal, where, " begins outside the archive, at byte ",
        local, "; the file is truncated or damaged");
  const uint64_t data = local + kLocalBytes + u16(b, local + 26) + u16(b, local + 28);
  CHECK(data + size <= b.size(), where, " ends outside the archive; the file is truncated or damaged");
  return b.subspan(data, size);
}

void put(std::string& s, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) s += static_cast<char>(value >> (8 * i));
}

uint32_t checksum(std::span<const std::byte> data) {
  return static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(data.data()), data.size()));
}

/// What local and central headers have in common, from the flags on.
void put_common(std::string& s, const ZipMember& m, uint32_t crc, size_t extra) {
  put(s, kUtf8Names, 2);
  put(s, 0, 2);  // stored
  put(s, 0, 2);
  put(s, kDosDate, 2);
  put(s, crc, 4);
  put(s, m.second.size(), 4);
  put(s, m.second.size(), 4);
  put(s, m.first.size(), 2);
  put(s, extra, 2);
}

std::string local_header(const ZipMember& m, uint32_t crc, uint64_t offset) {
  const uint64_t data = offset + kLocalBytes + m.first.size() + 4;  // with an empty extra field
  const size_t padding = (kAlignment - data % kAlignment) % kAlignment;
  std::string s;
  put(s, kLocal, 4);
  put(s, 20, 2);
  put_common(s, m, crc, 4 + padding);
  s += m.first;
  s += "FB";  // the extra field by which PyTorch aligns
  put(s, padding, 2);
  return s.append(padding, 'Z');
}

std::string central_entry(const ZipMember& m, uint32_t crc, uint64_t offset) {
  std::string s;
  put(s, kCentral, 4);
  put(s, 20, 2);
  put(s, 20, 2);
  put_common(s, m, crc, 0);
  s.append(2 + 2 + 2 + 4, '\0');  // comment, part, attributes
  put(s, offset, 4);
  return s + m.first;
}

}  // namespace

bool is_zip(std::span<const uint8_t> bytes) { return bytes.size() >= 4 && u32(bytes, 0) == kLocal; }

std::map<std::string, std::span<const uint8_t>> read_zip(std::span<const uint8_t> bytes, const std::string& file) {
  const End end = find_end(bytes, file);
  std::map<std::string, std::span<const uint8_t>> members;
  size_t at = end.directory;
  for (size_t i = 0; i < end.entries; ++i) {
    CHECK(at <= bytes.size() && bytes.size() - at >= kCentralBytes && u32(bytes, at) == kCentral, file,
          ": the zip archive's directory is damaged at its entry ", i);
    const size_t name_bytes = u16(bytes, at + 28);
    CHECK(name_bytes <= bytes.size() - at - kCentralBytes, file, ": the zip archive's directory is truncated");
    const std::string name(reinterpret_cast<const char*>(bytes.data()) + at + kCentralBytes, name_bytes);
    const std::string where = join(file, ": member '", name.substr(0, 80), "'");
    CHECK(members.emplace(name, member(bytes, at, where)).second, where, " is in the archive twice");
    at += kCentralBytes + name_bytes + u16(bytes, at + 30) + u16(bytes, at + 32);
  }
  return members;
}

std::vector<std::span<const std::byte>> format_zip(const std::vector<ZipMember>& members,
                                                   std::vector<std::string>& storage) {
  const auto bytes_of = [](const std::string& s) { return std::as_bytes(std::span(s.data(), s.size())); };
  storage.assign(members.size() + 1, {});
  std::string directory;
  std::vector<std::span<const std::byte>> parts;
  uint64_t offset = 0;
  for (size_t i = 0; i < members.size(); ++i) {
    const uint32_t crc = checksum(members[i].second);
    storage[i] = local_header(members[i], crc, offset);
    directory += central_entry(members[i], crc, offset);
    parts.push_back(bytes_of(storage[i]));
    parts.push_back(members[i].second);
    offset += storage[i].size() + members[i].second.size();
    CHECK(offset < kMax32 && members.size() < 0xffff,
          "a zip archive of more than 4 GB or 65,534 members is not supported");
  }
  std::string& tail = storage.back();
  tail = directory;
  put(tail, kEnd, 4);
  put(tail, 0, 2 + 2);
  put(tail, members.size(), 2);
  put(tail, members.size(), 2);
  put(tail, directory.size(), 4);
  put(tail, offset, 4);
  put(tail, 0, 2);
  parts.push_back(bytes_of(tail));
  return parts;
}

}  // namespace resnet
