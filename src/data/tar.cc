#include "data/tar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "core/check.h"

namespace resnet {

namespace {

constexpr uint64_t kBlock = 512;
constexpr uint64_t kMostOfNames = 1 << 20;  // bytes of a long name or of a pax header

struct Field {
  size_t begin, length;
};

// POSIX.1-1988 ustar.
constexpr Field kName{0, 100}, kMode{100, 8}, kUser{108, 8}, kGroup{116, 8}, kSize{124, 12}, kTime{136, 12},
    kChecksum{148, 8}, kKind{156, 1}, kMagic{257, 8}, kPrefix{345, 155};

using Block = std::array<uint8_t, kBlock>;

std::string_view raw(const Block& block, Field field) {
  return {reinterpret_cast<const char*>(block.data()) + field.begin, field.length};
}

// Up to the first zero.
std::string_view text(std::string_view field) { return field.substr(0, field.find('\0')); }

// Octal with blanks around it, or GNU's big-endian binary where the first bit is set; nothing for anything else.
std::optional<uint64_t> number(std::string_view field) {
  uint64_t value = 0;
  if ((field[0] & 0x80) != 0) {
    if ((field[0] & 0x7f) != 0) return {};
    for (const char c : field.substr(1)) {
      if (value >> 55 != 0) return {};
      value = value << 8 | static_cast<uint8_t>(c);
    }
    return value;
  }
  field = text(field);
  field.remove_prefix(std::min(field.find_first_not_of(' '), field.size()));
  field = field.substr(0, field.find(' '));
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value, 8);
  if (field.empty()) return 0;
  if (error != std::errc() || end != field.data() + field.size()) return {};
  return value;
}

uint64_t checksum(const Block& block) {
  uint64_t sum = 0;
  for (size_t i = 0; i < kBlock; ++i)
    sum += i >= kChecksum.begin && i < kChecksum.begin + kChecksum.length ? ' ' : block[i];
  return sum;
}

uint64_t padded(uint64_t size) { return (size + kBlock - 1) / kBlock * kBlock; }

// What pax headers and GNU's long names say about the next member.
struct Overrides {
  std::string name;
  std::optional<uint64_t> size;
};

// Records of a pax header: "LENGTH KEY=VALUE\n", LENGTH counting the whole record. False: malformed.
bool read_pax(std::string_view records, Overrides& next) {
  while (!records.empty()) {
    uint64_t length = 0;
    const auto [end, error] = std::from_chars(records.data(), records.data() + records.size(), length);
    const auto begin = static_cast<size_t>(end - records.data()) + 1;
    if (error != std::errc() || length > records.size() || length <= begin || records[begin - 1] != ' ') return false;
    const std::string_view record = records.substr(begin, length - begin - 1);
    const size_t equals = record.find('=');
    if (equals == std::string_view::npos || records[length - 1] != '\n') return false;
    const std::string_view key = record.substr(0, equals), value = record.substr(equals + 1);
    if (key == "path") next.name = value;
    if (key == "size") {
      uint64_t size = 0;
      const auto [stop, wrong] = std::from_chars(value.data(), value.data() + value.size(), size);
      if (wrong != std::errc() || stop != value.data() + value.size()) return false;
      next.size = size;
    }
    records.remove_prefix(length);
  }
  return true;
}

std::string name_of(const Block& header) {
  const bool posix = raw(header, kMagic).starts_with(std::string_view("ustar\0", 6));
  const std::string_view prefix = posix ? text(raw(header, kPrefix)) : std::string_view();
  return std::string(prefix) + (prefix.empty() ? "" : "/") + std::string(text(raw(header, kName)));
}

class Lister {
 public:
  Lister(uint64_t size, const ReadAt& read_at) : size_(size), read_at_(read_at) {}

  TarListing list() {
    while (listing_.damage.empty() && read_member()) {
    }
    return std::move(listing_);
  }

 private:
  bool damaged(const std::string& why) {
    listing_.damage = join(why, " (at byte ", at_, " of ", size_, ")");
    return false;
  }

  // False at the end, and where damage is found.
  bool read_member() {
    if (at_ == size_) return listing_.members.empty() && size_ == 0 ? damaged("it is empty") : false;
    if (size_ - at_ < kBlock) return damaged("it ends inside a header");
    Block header;
    read_at_(at_, header);
    if (std::all_of(header.begin(), header.end(), [](uint8_t b) { return b == 0; })) return false;
    if (number(raw(header, kChecksum)) != checksum(header))
      return damaged(at_ == 0 ? "it is no tar archive" : "a header is damaged");
    const std::optional<uint64_t> stored = number(raw(header, kSize));
    if (!stored) return damaged("a header gives no size");
    const char kind = raw(header, kKind)[0];
    const bool about_next = kind == 'x' || kind == 'L';
    const uint64_t size = about_next ? *stored : next_.size.value_or(*stored), begin = at_ + kBlock;
    if (size > size_ - begin)
      return damaged(join("it ends inside ", next_.name.empty() ? name_of(header) : next_.name));
    if (about_next ? !read_about_next(kind, begin, size) : !take(header, kind, begin, size)) return false;
    at_ = begin + std::min(padded(size), size_ - begin);
    return true;
  }

  bool read_about_next(char kind, uint64_t begin, uint64_t size) {
    if (size > kMostOfNames) return damaged("a header of more than a megabyte");
    std::string records(size, '\0');
    read_at_(begin, {reinterpret_cast<uint8_t*>(records.data()), records.size()});
    if (kind == 'L') next_.name = text(records);
    return kind == 'L' || read_pax(records, next_) || damaged("a pax header is damaged");
  }

  bool take(const Block& header, char kind, uint64_t begin, uint64_t size) {
    if (kind == 'S') return damaged("it holds a sparse file, which cannot be read");
    std::string name = next_.name.empty() ? name_of(header) : next_.name;
    if (kind != 'g' && kind != 'K') next_ = {};
    const bool folder = name.ends_with('/');
    if ((kind == '0' || kind == '\0' || kind == '7') && !folder)
      listing_.members.push_back({std::move(name), begin, size});
    return true;
  }

  uint64_t size_, at_ = 0;
  const ReadAt& read_at_;
  Overrides next_;
  TarListing listing_;
};

}  // namespace

TarListing list_tar(uint64_t size, const ReadAt& read_at) { return Lister(size, read_at).list(); }

std::string tar_entry(const std::string& name, const std::string& bytes) {
  CHECK(!name.empty() && name.size() <= kName.length, "the name '", name, "' is too long for a tar archive");
  Block header{};
  const auto put = [&](Field field, std::string_view value) {
    std::copy(value.begin(), value.end(), header.begin() + static_cast<std::ptrdiff_t>(field.begin));
  };
  const auto octal = [&](Field field, uint64_t value) {
    std::string digits(field.length - 1, '0');
    for (size_t i = digits.size(); i-- > 0; value /= 8) digits[i] = static_cast<char>('0' + value % 8);
    put(field, digits);
  };
  put(kName, name);
  octal(kMode, 0644);
  octal(kUser, 0);
  octal(kGroup, 0);
  octal(kSize, bytes.size());
  octal(kTime, 0);  // the same bytes whenever it is written
  put(kKind, "0");
  put(kMagic, std::string_view("ustar\000"
                               "00",
                               8));
  octal({kChecksum.begin, kChecksum.length - 1}, checksum(header));
  header[kChecksum.begin + kChecksum.length - 1] = ' ';
  std::string entry(header.begin(), header.end());
  entry += bytes;
  entry.resize(kBlock + padded(bytes.size()));
  return entry;
}

std::string tar_end() { return std::string(2 * kBlock, '\0'); }

}  // namespace resnet
