#include "train/tensorboard.h"

#include <unistd.h>

#include <array>
#include <bit>
#include <chrono>
#include <cstring>

#include "core/check.h"

namespace resnet {

namespace {

constexpr std::array<uint32_t, 256> make_crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = c & 1 ? (c >> 1) ^ 0x82f63b78u : c >> 1;
    table[i] = c;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kCrcTable = make_crc_table();

uint32_t masked_crc(std::string_view bytes) {
  const uint32_t c = crc32c(bytes);
  return ((c >> 15) | (c << 17)) + 0xa282ead8u;
}

template <class T> std::string little_endian(T value) {
  static_assert(std::endian::native == std::endian::little);
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

// Protobuf's wire format: a tag (field number and wire type), then the value.
enum WireType : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

std::string varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out += static_cast<char>(value);
}
std::string tag(uint32_t field, WireType type) { return varint(field << 3 | type); }
std::string bytes_field(uint32_t field, std::string_view bytes) {
  return tag(field, kBytes) + varint(bytes.size()) + std::string(bytes);
}

/// Event.wall_time = 1 (double), Event.step = 2 (int64).
std::string event_start(int64_t step) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return tag(1, kFixed64) + little_endian(std::chrono::duration<double>(now).count()) + tag(2, kVarint) +
         varint(static_cast<uint64_t>(step));
}

std::string file_name() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) std::strcpy(host.data(), "localhost");
  return join("events.out.tfevents.", std::chrono::duration_cast<std::chrono::microseconds>(now).count(), ".",
              host.data(), ".", ::getpid());
}

}  // namespace

uint32_t crc32c(std::string_view bytes) {
  uint32_t c = ~0u;
  for (const char b : bytes) c = kCrcTable[(c ^ static_cast<uint8_t>(b)) & 0xff] ^ (c >> 8);
  return ~c;
}

std::string tf_record(std::string_view data) {
  const std::string length = little_endian(static_cast<uint64_t>(data.size()));
  return length + little_endian(masked_crc(length)) + std::string(data) + little_endian(masked_crc(data));
}

EventWriter::EventWriter(const std::string& folder, int64_t resumed_at)
    : path_(folder + "/" + file_name()), out_(path_, std::ios::binary) {
  CHECK(out_, "cannot create '", path_, "': ", std::strerror(errno));
  write(event_start(0) + bytes_field(3, "brain.Event:2"));  // Event.file_version
  if (resumed_at < 0) return;
  const std::string start = tag(1, kVarint) + varint(1);       // SessionLog.status = START
  write(event_start(resumed_at + 1) + bytes_field(7, start));  // Event.session_log
}

void EventWriter::scalars(int64_t step, const std::vector<std::pair<std::string, double>>& values) {
  std::string summary;
  for (const auto& [name, value] : values) {  // Summary.value: tag = 1, simple_value = 2
    const std::string number = tag(2, kFixed32) + little_endian(static_cast<float>(value));
    summary += bytes_field(1, bytes_field(1, name) + number);
  }
  write(event_start(step) + bytes_field(5, summary));  // Event.summary
}

void EventWriter::write(const std::string& event) {
  const std::string record = tf_record(event);
  out_.write(record.data(), static_cast<std::streamsize>(record.size()));
  out_.flush();
  CHECK(out_, "cannot write '", path_, "': ", std::strerror(errno));
}

}  // namespace resnet
