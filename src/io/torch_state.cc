#include "io/torch_state.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/check.h"

namespace resnet {

namespace {

using pickle::Id;
using pickle::Kind;
using pickle::Pickle;
using pickle::Value;

constexpr int kMaxDepth = 32;        // of modules in a pickled network
constexpr uint64_t kCopyFactor = 4;  // copied bytes, against those of the storages
constexpr size_t kMaxKey = 512;      // characters of a name
constexpr std::string_view kWeightKeys[] = {"state_dict", "model_state_dict", "model",   "net",
                                            "network",    "params",           "weights", "module",
                                            "model_ema",  "state_dict_ema",   "ema"};

struct TypeName {
  std::string_view name;
  DType dtype;
};
constexpr TypeName kTypes[] = {
    {"torch.FloatStorage", DType::f32},
    {"torch.DoubleStorage", DType::f64},
    {"torch.HalfStorage", DType::f16},
    {"torch.LongStorage", DType::i64},
    {"torch.BFloat16Storage", DType::bf16},
    {"torch.IntStorage", DType::i32},
    {"torch.ByteStorage", DType::u8},
    {"torch.CharStorage", DType::i8},
    {"torch.float32", DType::f32},
    {"torch.float64", DType::f64},
    {"torch.float16", DType::f16},
    {"torch.int64", DType::i64},
    {"torch.bfloat16", DType::bf16},
    {"torch.int32", DType::i32},
    {"torch.uint8", DType::u8},
    {"torch.int8", DType::i8},
};

/// A number's or a key's text for messages, however long the file has made it.
std::string shown(std::string_view text) { return std::string(text.substr(0, 80)); }

DType dtype_of(std::string name, const std::string& where) {
  if (name.starts_with("torch.cuda.")) name.erase(6, 5);
  for (const TypeName& t : kTypes)
    if (t.name == name) return t.dtype;
  throw Error(join(where, ": elements of the type '", shown(name),
                   "' are not supported (float32, float16, bfloat16, float64, int64, int32, uint8)"));
}

int64_t count(const Pickle& p, const Value& tuple, size_t i, const std::string& where) {
  CHECK(i < tuple.items.size() && p[tuple.items[i]].kind == Kind::integer && p[tuple.items[i]].integer >= 0, where,
        ": a size or offset is missing or is no whole number from 0; the file is damaged");
  return p[tuple.items[i]].integer;
}

class Tensors {
 public:
  Tensors(const Pickle& p, const TorchStorages& storages) : p_(p), storages_(storages), visits_(p.values.size()) {
    for (const auto& [key, bytes] : storages.by_key) copies_ += kCopyFactor * bytes.size();
  }

  SafetensorsFile read() {
    const Value* root = &p_[p_.root];
    for (int depth = 0; depth < 3 && !holds_tensors(*root); ++depth) {
      const Value* inner = nested(*root);
      if (inner == nullptr) break;
      root = inner;
    }
    collect(*root, "", 0);
    CHECK(!file_.tensors.empty(), storages_.file,
          ": there is no dict of tensors in the file, at its top or under 'state_dict', 'model', …; save the network's "
          "state_dict()");
    return std::move(file_);
  }

 private:
  /// The tensor that a value stands for, through parameters and subclasses; null where it is something else.
  const Value* tensor_call(const Value& v) const {
    const Value* at = &v;
    for (int depth = 0; depth < 4; ++depth) {
      if (at->kind != Kind::object || p_[at->args].kind != Kind::tuple) return nullptr;
      const std::string name = p_.name_of(p_[at->callee]);
      if (name == "torch._utils._rebuild_tensor" || name == "torch._utils._rebuild_tensor_v2" ||
          name == "torch._utils._rebuild_tensor_v3")
        return at;
      const std::vector<Id>& args = p_[at->args].items;
      if (name != "torch._utils._rebuild_parameter" && name != "torch._utils._rebuild_parameter_with_state")
        return nullptr;
      if (args.empty()) return nullptr;
      at = &p_[args[0]];
    }
    return nullptr;
  }

  bool holds_tensors(const Value& v) const {
    for (size_t i = 1; i < v.items.size(); i += 2)
      if (tensor_call(p_[v.items[i]]) != nullptr) return true;
    return false;
  }
  static bool is_dict(const Value& v) { return v.kind == Kind::dict || v.kind == Kind::object; }

  const Value* nested(const Value& v) {
    if (!is_dict(v)) return nullptr;
    for (const std::string_view key : kWeightKeys) {
      const Value* inner = p_.find(v, key);
      if (inner == nullptr || !is_dict(*inner)) continue;
      note(v, key);
      return inner;
    }
    return nullptr;
  }

  void note(const Value& v, std::string_view taken) {
    std::string others;
    for (size_t i = 0; i < v.items.size() && others.size() < 200; i += 2)
      if (const Value& key = p_[v.items[i]]; key.kind == Kind::text && key.text != taken)
        others += (others.empty() ? "" : ", ") + shown(key.text);
    file_.notes.push_back(
        join("the weights are those under '", taken, "'", others.empty() ? "" : "; the others are left out: ", others));
  }

  /// Every tensor of a dict; of a pickled module those of its parameters, buffers and submodules.
  void collect(const Value& v, const std::string& prefix, int depth) {
    CHECK(depth <= kMaxDepth && visits_-- > 0, storages_.file, ": the modules of the file are nested without end");
    for (size_t i = 0; i + 1 < v.items.size(); i += 2) {
      const Value &key = p_[v.items[i]], &value = p_[v.items[i + 1]];
      if (key.kind != Kind::text) continue;
      const std::string name = prefix + std::string(key.text);
      CHECK(name.size() <= kMaxKey, storages_.file, ": a tensor's name begins '", shown(name), "' and has ",
            name.size(), " characters");
      if (const Value* call = tensor_call(value))
        file_.tensors[name] = tensor(*call, join(storages_.file, ": '", name, "'"));
    }
    if (v.kind == Kind::object && v.state != 0 && is_dict(p_[v.state])) collect_module(p_[v.state], prefix, depth);
  }
  void collect_module(const Value& state, const std::string& prefix, int depth) {
    for (const char* part : {"_parameters", "_buffers"})
      if (const Value* tensors = p_.find(state, part)) collect(*tensors, prefix, depth + 1);
    const Value* modules = p_.find(state, "_modules");
    for (size_t i = 0; modules != nullptr && i + 1 < modules->items.size(); i += 2) {
      const Value& name = p_[modules->items[i]];
      if (name.kind == Kind::text && prefix.size() <= kMaxKey)
        collect(p_[modules->items[i + 1]], join(prefix, name.text, "."), depth + 1);
    }
  }

  Tensor tensor(const Value& call, const std::string& where);
  Tensor gather(std::span<const uint8_t> bytes, const Shape& shape, const std::vector<int64_t>& stride, DType dtype,
                const std::string& where);
  Shape shape_of(const Value& sizes, const std::string& where) const;
  std::span<const uint8_t> storage(const TorchStorageId& id, DType dtype, const std::string& where) const;

  const Pickle& p_;
  const TorchStorages& storages_;
  size_t visits_;        // modules that may still be looked into
  uint64_t copies_ = 0;  // bytes that may still be copied
  SafetensorsFile file_;
};

Shape Tensors::shape_of(const Value& sizes, const std::string& where) const {
  CHECK(sizes.kind == Kind::tuple && sizes.items.size() <= Shape::kMaxRank, where, ": a shape of ", sizes.items.size(),
        " axes; at most ", Shape::kMaxRank, " are supported");
  std::array<int64_t, Shape::kMaxRank> extents{};
  int64_t elements = 1;
  for (size_t i = 0; i < sizes.items.size(); ++i) {
    extents[i] = count(p_, sizes, i, where);
    CHECK(extents[i] == 0 || !__builtin_mul_overflow(elements, extents[i], &elements), where,
          ": the shape has more elements than any memory holds");
  }
  return Shape(std::span(extents.data(), sizes.items.size()));
}

std::span<const uint8_t> Tensors::storage(const TorchStorageId& id, DType dtype, const std::string& where) const {
  const auto found = storages_.by_key.find(id.key);
  CHECK(found != storages_.by_key.end(), where, ": its storage '", shown(id.key),
        "' is not in the file; the file is damaged");
  std::span<const uint8_t> bytes = found->second;
  const uint64_t size = id.typed ? size_of(dtype) : 1;
  CHECK(static_cast<uint64_t>(id.elements) <= bytes.size() / size, where, ": its storage claims ", id.elements,
        " elements, the file has ", bytes.size(), " bytes; the file is truncated or damaged");
  if (id.view_key.empty()) return bytes.first(static_cast<size_t>(id.elements) * size);
  const uint64_t all = static_cast<uint64_t>(id.elements), begin = static_cast<uint64_t>(id.view_offset);
  CHECK(begin <= all && static_cast<uint64_t>(id.view_elements) <= all - begin, where,
        ": it lies outside its storage; the file is damaged");
  return bytes.subspan(begin * size, static_cast<size_t>(id.view_elements) * size);
}

Tensor Tensors::tensor(const Value& call, const std::string& where) {
  const Value& args = p_[call.args];
  CHECK(args.items.size() >= 4, where, ": the tensor has no storage, offset, size and stride; the file is damaged");
  const TorchStorageId id = torch_storage_id(p_, p_[args.items[0]], where);
  const bool v3 = p_.name_of(p_[call.callee]).ends_with("_v3");
  CHECK(id.typed || (v3 && args.items.size() >= 7), where, ": the type of its elements is not said");
  const DType dtype = v3 && args.items.size() >= 7 ? dtype_of(p_.name_of(p_[args.items[6]]), where) : id.dtype;
  const std::span<const uint8_t> bytes = storage(id, dtype, where);
  const Shape shape = shape_of(p_[args.items[2]], where);
  const Value& strides = p_[args.items[3]];
  CHECK(strides.kind == Kind::tuple && strides.items.size() == static_cast<size_t>(shape.rank()), where,
        ": it has strides for ", strides.items.size(), " axes and sizes for ", shape.rank());
  const uint64_t held = bytes.size() / size_of(dtype), offset = static_cast<uint64_t>(count(p_, args, 1, where));
  const auto elements = static_cast<uint64_t>(shape.elements());
  std::vector<int64_t> stride;
  int64_t last = 0, dense = 1;  // the last element's place; a dense tensor's stride
  bool in_order = true;
  for (int i = 0; i < shape.rank(); ++i) stride.push_back(count(p_, strides, static_cast<size_t>(i), where));
  for (int i = shape.rank() - 1; i >= 0 && elements > 0; --i) {
    int64_t way = 0;
    CHECK(!__builtin_mul_overflow(stride[static_cast<size_t>(i)], shape[i] - 1, &way) &&
              !__builtin_add_overflow(last, way, &last),
          where, ": its strides lead outside its storage");
    in_order &= shape[i] == 1 || stride[static_cast<size_t>(i)] == dense;
    dense *= shape[i];
  }
  CHECK(elements == 0 || (offset < held && static_cast<uint64_t>(last) < held - offset), where,
        ": it reaches to element ", offset + static_cast<uint64_t>(last), " of a storage of ", held,
        "; the file is damaged");
  CHECK(elements <= held, where, ": it repeats its storage's ", held, " elements to ", elements,
        ", which weights never do");
  const std::span<const uint8_t> data = elements == 0 ? bytes.first(0) : bytes.subspan(offset * size_of(dtype));
  if (in_order && elements > 0 && !storages_.swapped && reinterpret_cast<uintptr_t>(data.data()) % size_of(dtype) == 0)
    return Tensor::view(const_cast<uint8_t*>(data.data()), shape, dtype, storages_.owner);
  return gather(data, shape, stride, dtype, where);
}

Tensor Tensors::gather(std::span<const uint8_t> bytes, const Shape& shape, const std::vector<int64_t>& stride,
                       DType dtype, const std::string& where) {
  const size_t size = size_of(dtype);
  const uint64_t need = static_cast<uint64_t>(shape.elements()) * size + 64;
  CHECK(need <= copies_ + 64, where, ": tensors that share their storage would take more than ", kCopyFactor,
        " times the file's memory; the file is damaged or hostile");
  copies_ -= std::min(copies_, need);
  Tensor y(shape, dtype);
  auto* out = static_cast<uint8_t*>(y.raw());
  std::array<int64_t, Shape::kMaxRank> at{};
  for (int64_t n = shape.elements(); n-- > 0; out += size) {
    uint64_t place = 0;
    for (int i = 0; i < shape.rank(); ++i)
      place += static_cast<uint64_t>(at[static_cast<size_t>(i)] * stride[static_cast<size_t>(i)]);
    std::memcpy(out, bytes.data() + place * size, size);
    if (storages_.swapped) std::reverse(out, out + size);
    for (int i = shape.rank() - 1; i >= 0 && ++at[static_cast<size_t>(i)] == shape[i]; --i)
      at[static_cast<size_t>(i)] = 0;
  }
  return y;
}

}  // namespace

TorchStorageId torch_storage_id(const Pickle& p, const Value& persistent, const std::string& where) {
  const Value& id = p[persistent.args];
  CHECK(persistent.kind == Kind::persistent && id.kind == Kind::tuple && id.items.size() >= 5 &&
            p[id.items[0]].text == "storage" && p[id.items[2]].kind == Kind::text,
        where, ": its storage is not given as PyTorch gives it; the file is damaged");
  TorchStorageId s;
  const std::string type = p.name_of(p[id.items[1]]);
  s.typed = type != "torch.storage.UntypedStorage" && type != "torch.UntypedStorage";
  if (s.typed) s.dtype = dtype_of(type, where);
  s.key = p[id.items[2]].text;
  s.elements = count(p, id, 4, where);
  if (id.items.size() > 5 && p[id.items[5]].kind == Kind::tuple) {
    const Value& view = p[id.items[5]];
    CHECK(view.items.size() == 3 && p[view.items[0]].kind == Kind::text, where, ": its storage's view is malformed");
    s.view_key = p[view.items[0]].text;
    s.view_offset = count(p, view, 1, where);
    s.view_elements = count(p, view, 2, where);
  }
  return s;
}

SafetensorsFile torch_tensors(const Pickle& p, const TorchStorages& storages) { return Tensors(p, storages).read(); }

}  // namespace resnet
