#include "io/onnx/model.h"

#include <charconv>
#include <filesystem>
#include <optional>

#include "core/check.h"

namespace resnet::onnx {

namespace {

struct TypeCode {
  int64_t code;
  DType dtype;
};
constexpr TypeCode kTypes[] = {{1, DType::f32},  {2, DType::u8},   {6, DType::i32},  {7, DType::i64},
                               {10, DType::f16}, {11, DType::f64}, {16, DType::bf16}};

DType dtype_of(int64_t code, const std::string& where) {
  for (const TypeCode& t : kTypes)
    if (t.code == code) return t.dtype;
  throw Error(join(where, ": elements of ONNX's type ", code,
                   " are not supported (float, double, half, bfloat16, int32, "
                   "int64, uint8)"));
}

/// What a TensorProto may hold its elements in: raw bytes, or numbers one by
/// one.
struct Elements {
  Bytes raw;
  std::optional<uint64_t> offset, length;  ///< in the file `location`
  std::string location;
  std::vector<float> floats;
  std::vector<int64_t> integers;
};

/// One of the entries that say where elements lie outside of the file.
void add_external(Bytes entry, const std::string& file, Elements& e) {
  std::string_view key, value;
  FieldReader reader(entry, file);
  for (Field f; reader.next(f);) {
    if (f.number == 1) key = f.text();
    if (f.number == 2) value = f.text();
  }
  if (key == "location") e.location = value;
  if (key != "offset" && key != "length") return;
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  CHECK(error == std::errc() && end == value.data() + value.size(), file, ": the ", std::string(key), " '",
        std::string(value.substr(0, 40)), "' of a tensor in another file is no number");
  (key == "offset" ? e.offset : e.length) = number;
}

void add_floats(const Field& field, std::vector<float>& floats) {
  if (field.type == 5) return floats.push_back(field.real());
  const size_t n = field.bytes.size() / sizeof(float);
  if (n == 0) return;
  const size_t before = floats.size();
  floats.resize(before + n);
  std::memcpy(floats.data() + before, field.bytes.data(), n * sizeof(float));
}

Tensor filled(const Shape& shape, DType dtype, const Elements& e, const std::shared_ptr<void>& owner,
              const std::string& where) {
  const auto n = static_cast<uint64_t>(shape.elements());
  if (!e.raw.empty() || n == 0) {
    CHECK(e.raw.size() / size_of(dtype) == n && e.raw.size() % size_of(dtype) == 0, where, ": a shape of ", shape, " ",
          dtype, " does not take ", e.raw.size(), " bytes; the file is damaged");
    void* address = const_cast<uint8_t*>(e.raw.data());
    if (n > 0 && owner && reinterpret_cast<uintptr_t>(address) % size_of(dtype) == 0)
      return Tensor::view(address, shape, dtype, owner);
    Tensor copy(shape, dtype);
    if (n > 0) std::memcpy(copy.raw(), address, copy.bytes());
    return copy;
  }
  const bool real = dtype == DType::f32;
  CHECK((real ? e.floats.size() : e.integers.size()) == n && (real || dtype == DType::i64 || dtype == DType::i32),
        where, ": its ", shape, " ", dtype, " elements are not in the file; the file is damaged");
  Tensor t(shape, dtype);
  if (real) std::memcpy(t.raw(), e.floats.data(), t.bytes());
  for (size_t i = 0; i < e.integers.size() && dtype == DType::i64; ++i) t.as<int64_t>()[i] = e.integers[i];
  for (size_t i = 0; i < e.integers.size() && dtype == DType::i32; ++i)
    t.i32()[i] = static_cast<int32_t>(e.integers[i]);
  return t;
}

Shape shape_of(const std::vector<int64_t>& dims, const std::string& where) {
  CHECK(dims.size() <= Shape::kMaxRank, where, ": a shape of ", dims.size(), " axes; at most ", Shape::kMaxRank,
        " are supported");
  int64_t elements = 1;
  for (const int64_t d : dims)
    CHECK(d >= 0 && (d == 0 || !__builtin_mul_overflow(elements, d, &elements)) && elements <= (int64_t{1} << 40),
          where, ": an impossible shape");
  return Shape(std::span(dims));
}

Attribute parse_attribute(Bytes bytes, const std::string& file, std::string_view& name) {
  Attribute a;
  FieldReader reader(bytes, file);
  for (Field f; reader.next(f);) {
    if (f.number == 1) name = f.text();
    if (f.number == 2) a.f = f.real();
    if (f.number == 3) a.i = static_cast<int64_t>(f.value);
    if (f.number == 4) a.s = f.text();
    if (f.number == 5) a.tensor = f.bytes;
    if (f.number == 8) add_numbers(f, file, a.ints);
  }
  return a;
}

OnnxNode parse_node(Bytes bytes, const std::string& file) {
  OnnxNode node;
  FieldReader reader(bytes, file);
  for (Field f; reader.next(f);) {
    if (f.number == 1) node.inputs.emplace_back(f.text());
    if (f.number == 2) node.outputs.emplace_back(f.text());
    if (f.number == 3) node.name = f.text();
    if (f.number == 4) node.type = f.text();
    if (f.number == 7) node.domain = f.text();
    if (f.number != 5) continue;
    std::string_view name;
    const Attribute a = parse_attribute(f.bytes, file, name);
    node.attributes[std::string(name)] = a;
  }
  return node;
}

/// The bytes of the nested message `number`; empty where there is none.
Bytes nested(Bytes bytes, uint32_t number, const std::string& file) {
  FieldReader reader(bytes, file);
  for (Field f; reader.next(f);)
    if (f.number == number && f.type == 2) return f.bytes;
  return {};
}

/// A ValueInfoProto's name and extents.
std::string parse_value(Bytes bytes, const std::string& file, std::vector<int64_t>& extents) {
  FieldReader shape(nested(nested(nested(bytes, 2, file), 1, file), 2, file), file);
  for (Field dim; shape.next(dim);) {
    if (dim.number != 1) continue;
    int64_t extent = 0;
    FieldReader reader(dim.bytes, file);
    for (Field f; reader.next(f);)
      if (f.number == 1) extent = static_cast<int64_t>(f.value);
    extents.push_back(extent);
  }
  const Bytes name = nested(bytes, 1, file);
  return {reinterpret_cast<const char*>(name.data()), name.size()};
}

void parse_graph(Bytes bytes, const std::shared_ptr<void>& owner, const std::string& file, Model& model) {
  std::vector<Bytes> inputs, outputs;
  SideFiles side_files(file);
  FieldReader reader(bytes, file);
  for (Field f; reader.next(f);) {
    if (f.number == 1) model.nodes.push_back(parse_node(f.bytes, file));
    if (f.number == 5) {
      auto [name, tensor] = parse_tensor(f.bytes, owner, file, &side_files);
      CHECK(model.initializers.emplace(name, tensor).second, file, ": the initializer '", name, "' is there twice");
    }
    if (f.number == 11) inputs.push_back(f.bytes);
    if (f.number == 12) outputs.push_back(f.bytes);
  }
  for (const Bytes input : inputs) {
    std::vector<int64_t> extents;
    const std::string name = parse_value(input, file, extents);
    if (model.initializers.contains(name)) continue;  // older files list their weights among the inputs
    CHECK(model.input.empty(), file, ": the network has several inputs, '", model.input, "' and '", name,
          "'; a classification network has one");
    model.input = name;
    model.input_shape = extents;
  }
  CHECK(outputs.size() == 1, file, ": the network has ", outputs.size(), " outputs; a classification network has one");
  std::vector<int64_t> ignored;
  model.output = parse_value(outputs[0], file, ignored);
}

}  // namespace

int64_t OnnxNode::integer(std::string_view key, int64_t otherwise) const {
  const auto found = attributes.find(key);
  return found == attributes.end() ? otherwise : found->second.i;
}
float OnnxNode::real(std::string_view key, float otherwise) const {
  const auto found = attributes.find(key);
  return found == attributes.end() ? otherwise : found->second.f;
}
std::vector<int64_t> OnnxNode::integers(std::string_view key) const {
  const auto found = attributes.find(key);
  return found == attributes.end() ? std::vector<int64_t>{} : found->second.ints;
}

Bytes SideFiles::range(const std::string& name, uint64_t offset, uint64_t length, std::shared_ptr<void>& owner) {
  const std::string what = join(file_, ": the file '", name.substr(0, 80), "' that holds tensors of it");
  CHECK(!name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
            name.find('\0') == std::string::npos,
        what, " must lie in the same folder; save the network as one file");
  std::shared_ptr<MappedFile>& mapped = mapped_[name];
  if (!mapped) {
    const std::string path = (std::filesystem::path(file_).parent_path() / name).string();
    CHECK(std::filesystem::exists(path), what, " is not beside it; copy both, or save the network as one file");
    mapped = std::make_shared<MappedFile>(path, MappedFile::Access::copy_on_write);
  }
  const Bytes all = mapped->bytes();
  CHECK(offset <= all.size() && length <= all.size() - offset, what, " has ", all.size(), " bytes, but ", length,
        " from byte ", offset, " on are needed; it is truncated, or another network's");
  owner = mapped;
  return all.subspan(offset, length);
}

std::pair<std::string, Tensor> parse_tensor(Bytes bytes, std::shared_ptr<void> owner, const std::string& file,
                                            SideFiles* side_files) {
  std::string name;
  std::vector<int64_t> dims;
  int64_t type = 0;
  bool outside = false;
  Elements e;
  FieldReader reader(bytes, file);
  for (Field f; reader.next(f);) {
    if (f.number == 1) add_numbers(f, file, dims);
    if (f.number == 2) type = static_cast<int64_t>(f.value);
    if (f.number == 4) add_floats(f, e.floats);
    if (f.number == 5 || f.number == 7) add_numbers(f, file, e.integers);
    if (f.number == 8) name = f.text();
    if (f.number == 9) e.raw = f.bytes;
    if (f.number == 13) add_external(f.bytes, file, e);
    if (f.number == 14) outside = f.value == 1;
  }
  const std::string where = join(file, ": tensor '", name.substr(0, 80), "'");
  const DType dtype = dtype_of(type, where);
  const Shape shape = shape_of(dims, where);
  if (outside) {
    CHECK(side_files != nullptr, where, " is in a file of its own; save the network as one file");
    const uint64_t length = static_cast<uint64_t>(shape.elements()) * size_of(dtype);
    e.raw = side_files->range(e.location, e.offset.value_or(0), e.length.value_or(length), owner);
  }
  return {name, filled(shape, dtype, e, owner, where)};
}

Model parse_model(Bytes bytes, const std::shared_ptr<void>& owner, const std::string& file) {
  Model model;
  Bytes graph;
  FieldReader reader(bytes, file);
  for (Field f; reader.next(f);) {
    if (f.number == 7) graph = f.bytes;
    if (f.number == 8) {
      const Bytes domain = nested(f.bytes, 1, file);
      FieldReader opset(f.bytes, file);
      for (Field o; opset.next(o);)
        if (o.number == 2 && domain.empty()) model.opset = static_cast<int64_t>(o.value);
    }
    if (f.number == 14) {
      const Bytes key = nested(f.bytes, 1, file), value = nested(f.bytes, 2, file);
      model.metadata[std::string(key.begin(), key.end())] = std::string(value.begin(), value.end());
    }
  }
  CHECK(!graph.empty(), file, ": not an ONNX file, or one without a network");
  parse_graph(graph, owner, file, model);
  CHECK(!model.input.empty(), file, ": the network has no input");
  return model;
}

}  // namespace resnet::onnx
