// Python's pickles as data. Nothing is executed and nothing is looked up: a call that a pickle asks for becomes a value that
// names the function and its arguments, and it is for the reader of that value to know what is meant.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace resnet::pickle {

enum class Kind : uint8_t { none, boolean, integer, real, text, bytes, tuple, list, dict, global, object, persistent };

/// The place of a value in Pickle::values. Values may be shared, and may hold themselves.
using Id = uint32_t;

struct Value {
  Kind kind = Kind::none;
  int64_t integer = 0;      ///< boolean, integer
  double real = 0;          ///< real
  std::string_view text;    ///< text, bytes (whole numbers beyond 64 bits too); global: its module
  std::string_view name;    ///< global: its name in the module
  std::vector<Id> items;    ///< tuple, list; dict and object: key, value, key, value …
  Id callee = 0, args = 0;  ///< object: what was called, with which tuple; persistent: args is its id
  Id state = 0;             ///< object: what it was told to restore; 0 (None) where nothing
};

struct Pickle {
  std::vector<Value> values;  ///< values[0] is None
  Id root = 0;
  size_t bytes = 0;  ///< length of the pickle

  const Value& operator[](Id id) const { return values[id]; }
  /// The value of a dict's or an object's text key, or null.
  const Value* find(const Value& dict, std::string_view key) const;
  /// "torch._utils._rebuild_tensor_v2" for a global, "" for anything else.
  std::string name_of(const Value& global) const;
};

/// Reads the pickle (protocols 0 to 5) at the start of `bytes`, which must outlive the result. Memory is at most about a
/// hundred times the pickle's length. Throws Error, beginning with `what`, for whatever is malformed.
Pickle read_pickle(std::span<const uint8_t> bytes, const std::string& what);

}  // namespace resnet::pickle
