// The wire format of Protocol Buffers, as much as ONNX files need: fields of
// numbers, bytes and nested messages.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/check.h"

namespace resnet::onnx {

using Bytes = std::span<const uint8_t>;

/// A message as it is written.
class Message {
 public:
  Message& number(uint32_t field, int64_t value) {
    key(field, 0);
    varint(static_cast<uint64_t>(value));
    return *this;
  }
  Message& real(uint32_t field, float value) {
    key(field, 5);
    const auto bits = std::bit_cast<uint32_t>(value);
    bytes_.append(reinterpret_cast<const char*>(&bits), sizeof bits);
    return *this;
  }
  Message& text(uint32_t field, std::string_view value) {
    key(field, 2);
    varint(value.size());
    bytes_.append(value);
    return *this;
  }
  Message& message(uint32_t field, const Message& value) { return text(field, value.bytes_); }
  const std::string& bytes() const { return bytes_; }

 private:
  void key(uint32_t field, uint32_t type) { varint(field << 3 | type); }
  void varint(uint64_t v) {
    for (; v >= 128; v >>= 7) bytes_ += static_cast<char>(v | 128);
    bytes_ += static_cast<char>(v);
  }
  std::string bytes_;
};

/// A field as it is read: `value` of a varint or of fixed bits, `bytes` of what
/// has a length.
struct Field {
  uint32_t number = 0, type = 0;
  uint64_t value = 0;
  Bytes bytes;

  std::string_view text() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
  float real() const { return std::bit_cast<float>(static_cast<uint32_t>(value)); }
};

/// Takes fields off the front of a message.
class FieldReader {
 public:
  FieldReader(Bytes bytes, const std::string& file) : rest_(bytes), file_(file) {}
  /// False at the end. Throws Error where a field reaches over the message's
  /// end or has an unknown type.
  bool next(Field& field) {
    if (rest_.empty()) return false;
    const uint64_t key = varint();
    field = {static_cast<uint32_t>(key >> 3), static_cast<uint32_t>(key & 7), 0, {}};
    if (field.type == 0)
      field.value = varint();
    else if (field.type == 1)
      field.value = fixed(8);
    else if (field.type == 2)
      field.bytes = take(varint());
    else if (field.type == 5)
      field.value = fixed(4);
    else
      throw Error(join(file_, ": not an ONNX file, or a damaged one (a field of the wire type ", field.type, ")"));
    return true;
  }
  uint64_t varint() {
    uint64_t v = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t b = take(1)[0];
      v |= static_cast<uint64_t>(b & 127) << shift;
      if (b < 128) return v;
    }
    throw Error(join(file_, ": not an ONNX file, or a damaged one (a number without an end)"));
  }
  bool empty() const { return rest_.empty(); }

 private:
  Bytes take(uint64_t n) {
    CHECK(n <= rest_.size(), file_, ": not an ONNX file, or a truncated one (a field of ", n, " bytes, ", rest_.size(),
          " are left)");
    const Bytes part = rest_.first(n);
    rest_ = rest_.subspan(n);
    return part;
  }
  uint64_t fixed(size_t n) {
    uint64_t v = 0;
    std::memcpy(&v, take(n).data(), n);
    return v;
  }

  Bytes rest_;
  const std::string& file_;
};

/// The numbers of a repeated field, which may come packed or one by one: adds
/// those of `field`.
inline void add_numbers(const Field& field, const std::string& file, std::vector<int64_t>& numbers) {
  if (field.type == 0) return numbers.push_back(static_cast<int64_t>(field.value));
  FieldReader reader(field.bytes, file);
  while (!reader.empty()) numbers.push_back(static_cast<int64_t>(reader.varint()));
}

}  // namespace resnet::onnx
