#include "io/safetensors_header.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <vector>

#include "core/check.h"

namespace resnet {

namespace {

using nlohmann::json;

constexpr std::string_view kMetadataKey = "__metadata__";

struct FileDType {
  std::string_view name;
  DType dtype;
};
constexpr FileDType kFileDTypes[] = {
    {"F32", DType::f32}, {"BF16", DType::bf16}, {"I32", DType::i32}, {"I64", DType::i64},
    {"U8", DType::u8},   {"F16", DType::f16},   {"F64", DType::f64}, {"I8", DType::i8},
};

/// Watches the parser: refuses what a header never needs (deep nesting) and what JSON leaves open (a key given twice).
class StrictParser {
 public:
  explicit StrictParser(const std::string& file) : file_(file) {}

  json parse(std::string_view text) {
    try {
      return json::parse(text, [this](int depth, json::parse_event_t event, json& value) {
        watch(depth, event, value);
        return true;
      });
    } catch (const json::exception& e) {
      throw Error(
          join(file_, ": the header is not valid JSON (", e.what(), "); the file is damaged or of another kind"));
    }
  }

 private:
  void watch(int depth, json::parse_event_t event, const json& value) {
    CHECK(depth <= 3, file_, ": the header is nested more deeply than a safetensors header can be");
    if (event == json::parse_event_t::object_start) {
      keys_.emplace_back();
    } else if (event == json::parse_event_t::object_end) {
      keys_.pop_back();
    } else if (event == json::parse_event_t::key) {
      const std::string key = value.get<std::string>();
      CHECK(keys_.back().insert(key).second, file_, ": '", key, "' stands twice in the header");
    }
  }

  const std::string& file_;
  std::vector<std::set<std::string>> keys_;
};

/// A value for a message: its beginning, however long the file has made it.
std::string shown(const json& value) {
  const std::string text = value.dump();
  return text.size() <= 60 ? text : text.substr(0, 57) + "…";
}

std::optional<uint64_t> multiply(uint64_t a, uint64_t b) {
  uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

DType parse_file_dtype(const json& value, const std::string& where) {
  CHECK(value.is_string(), where, "dtype is ", shown(value), ", not a string");
  const std::string name = value.get<std::string>();
  for (const FileDType& d : kFileDTypes)
    if (d.name == name) return d.dtype;
  throw Error(join(where, "dtype '", name,
                   "' is not supported (F32, F16, BF16, F64, I32, I64, U8 or I8); convert the file first"));
}

uint64_t parse_unsigned(const json& value, const std::string& where, const char* what) {
  CHECK(value.is_number_unsigned(), where, what, " has the entry ", shown(value), ", not a whole number from 0");
  return value.get<uint64_t>();
}

Shape parse_shape(const json& value, const std::string& where) {
  CHECK(value.is_array(), where, "shape is ", shown(value), ", not a list");
  CHECK(value.size() <= Shape::kMaxRank, where, "the shape has ", value.size(), " axes; at most ", Shape::kMaxRank,
        " are supported");
  std::vector<int64_t> extents;
  for (const json& extent : value) {
    const uint64_t n = parse_unsigned(extent, where, "shape");
    CHECK(n <= INT64_MAX, where, "shape has the impossible extent ", n);
    extents.push_back(static_cast<int64_t>(n));
  }
  return Shape(std::span<const int64_t>(extents));
}

SafetensorsEntry parse_entry(const json& value, uint64_t data_bytes, const std::string& where) {
  CHECK(value.is_object(), where, "the entry is ", value.type_name(), ", not an object");
  for (const char* key : {"dtype", "shape", "data_offsets"})
    CHECK(value.contains(key), where, "the entry has no '", key, "'");
  SafetensorsEntry entry;
  entry.dtype = parse_file_dtype(value["dtype"], where);
  entry.shape = parse_shape(value["shape"], where);
  const json& offsets = value["data_offsets"];
  CHECK(offsets.is_array() && offsets.size() == 2, where, "data_offsets is ", shown(offsets), ", not [begin, end]");
  entry.begin = parse_unsigned(offsets[0], where, "data_offsets");
  entry.end = parse_unsigned(offsets[1], where, "data_offsets");
  CHECK(entry.begin <= entry.end && entry.end <= data_bytes, where, "data_offsets [", entry.begin, ", ", entry.end,
        "] lie outside the file's ", data_bytes, " bytes of data; the file is truncated or damaged");
  std::optional<uint64_t> bytes = size_of(entry.dtype);
  for (int i = 0; i < entry.shape.rank() && bytes; ++i) bytes = multiply(*bytes, static_cast<uint64_t>(entry.shape[i]));
  CHECK(bytes && *bytes <= INT64_MAX, where, "the shape ", entry.shape, " has more elements than any memory holds");
  CHECK(*bytes == entry.end - entry.begin, where, "a shape of ", entry.shape, " ", entry.dtype, " takes ", *bytes,
        " bytes, but data_offsets [", entry.begin, ", ", entry.end, "] span ", entry.end - entry.begin);
  return entry;
}

std::map<std::string, std::string> parse_metadata(const json& value, const std::string& file) {
  CHECK(value.is_object(), file, ": __metadata__ is ", value.type_name(), ", not an object");
  std::map<std::string, std::string> metadata;
  for (const auto& [key, text] : value.items()) {
    CHECK(text.is_string(), file, ": __metadata__ entry '", key, "' is ", text.type_name(), ", not a string");
    metadata[key] = text.get<std::string>();
  }
  return metadata;
}

/// Every byte of the data belongs to exactly one tensor.
void check_layout(const SafetensorsHeader& header, uint64_t data_bytes, const std::string& file) {
  std::vector<std::pair<const SafetensorsEntry*, const std::string*>> order;
  for (const auto& [name, entry] : header.entries) order.emplace_back(&entry, &name);
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first->begin, a.first->end) < std::pair(b.first->begin, b.first->end);
  });
  uint64_t expected = 0;
  for (const auto& [entry, name] : order) {
    CHECK(entry->begin >= expected, file, ": tensor '", *name, "' begins at byte ", entry->begin,
          " and overlaps the one before, which ends at ", expected);
    CHECK(entry->begin == expected, file, ": bytes ", expected, " to ", entry->begin, " before tensor '", *name,
          "' belong to no tensor");
    expected = entry->end;
  }
  CHECK(expected == data_bytes, file, ": the tensors end at byte ", expected, " but the file holds ", data_bytes,
        " bytes of data");
}

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view text, uint64_t data_bytes, const std::string& file) {
  CHECK(!text.empty() && text.front() == '{', file,
        ": the header does not begin with '{'; this is not a safetensors file");
  const json parsed = StrictParser(file).parse(text);
  SafetensorsHeader header;
  for (const auto& [name, value] : parsed.items()) {
    if (name == kMetadataKey)
      header.metadata = parse_metadata(value, file);
    else
      header.entries[name] = parse_entry(value, data_bytes, join(file, ": tensor '", name, "': "));
  }
  check_layout(header, data_bytes, file);
  return header;
}

std::string format_safetensors_header(const SafetensorsHeader& header) {
  json out = json::object();
  if (!header.metadata.empty()) out[std::string(kMetadataKey)] = header.metadata;
  for (const auto& [name, entry] : header.entries) {
    CHECK(name != kMetadataKey, "a tensor cannot be named ", kMetadataKey);
    json shape = json::array();
    for (int i = 0; i < entry.shape.rank(); ++i) shape.push_back(entry.shape[i]);
    const DType held = entry.dtype;
    const auto dtype = std::find_if(std::begin(kFileDTypes), std::end(kFileDTypes),
                                    [&](const FileDType& d) { return d.dtype == held; });
    out[name] = {{"dtype", dtype->name}, {"shape", shape}, {"data_offsets", {entry.begin, entry.end}}};
  }
  std::string text = out.dump(-1, ' ', false, json::error_handler_t::replace);
  text.append((64 - (8 + text.size()) % 64) % 64, ' ');
  return text;
}

}  // namespace resnet
