#include "resnet/tensor.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <ostream>

#include "core/check.h"

namespace resnet {

namespace {

struct DTypeInfo {
  DType dtype;
  std::string_view name;
  size_t size;
};

constexpr DTypeInfo kDTypes[] = {
    {DType::f32, "f32", 4}, {DType::bf16, "bf16", 2}, {DType::i32, "i32", 4}, {DType::i64, "i64", 8},
    {DType::u8, "u8", 1},   {DType::f16, "f16", 2},   {DType::f64, "f64", 8}, {DType::i8, "i8", 1},
};

const DTypeInfo& info(DType dtype) { return kDTypes[static_cast<size_t>(dtype)]; }

template <class T> std::span<T> elements_as(const Tensor& tensor, DType want) {
  CHECK(tensor.dtype() == want, "tensor ", tensor.shape(), " holds ", tensor.dtype(), ", not ", want);
  return {static_cast<T*>(tensor.raw()), static_cast<size_t>(tensor.elements())};
}

constexpr size_t kHugePage = size_t{2} << 20;
#ifdef __SANITIZE_ADDRESS__
constexpr size_t kLarge = SIZE_MAX;  // what malloc gives has guards around it
#else
constexpr size_t kLarge = kHugePage;
#endif

/// Zeroed memory; null where there is none left.
std::shared_ptr<void> block(size_t bytes) {
  void* data = std::aligned_alloc(64, bytes);
  if (data != nullptr) std::memset(data, 0, bytes);
  return {data, std::free};
}

/// The same straight from the kernel, whose pages are zero already: whoever fills them touches them first, on its own core, and
/// whole huge pages within the tensor cost one fault each.
std::shared_ptr<void> pages(size_t bytes) {
  const size_t size = bytes + kHugePage;
  void* mapping = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) return nullptr;
  void* data = mapping;
  size_t room = size;
  std::align(kHugePage, bytes, data, room);
  ::madvise(data, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);  // a hint: without it, it is merely slower
  return {data, [mapping, size](void*) { ::munmap(mapping, size); }};
}

}  // namespace

size_t size_of(DType dtype) { return info(dtype).size; }
std::string_view name_of(DType dtype) { return info(dtype).name; }

DType parse_dtype(std::string_view name) {
  for (const DTypeInfo& d : kDTypes)
    if (d.name == name) return d.dtype;
  throw Error(join("unknown dtype '", name, "' (f32 or bf16)"));
}

std::ostream& operator<<(std::ostream& out, DType dtype) { return out << name_of(dtype); }

Shape::Shape(std::initializer_list<int64_t> extents) : Shape(std::span(extents.begin(), extents.size())) {}

Shape::Shape(std::span<const int64_t> extents) : rank_(static_cast<int>(extents.size())) {
  CHECK(extents.size() <= kMaxRank, "a shape of ", extents.size(), " axes; at most ", kMaxRank, " are supported");
  std::copy(extents.begin(), extents.end(), extents_.begin());
}

int64_t Shape::elements() const {
  int64_t n = 1;
  for (int i = 0; i < rank_; ++i) n *= (*this)[i];
  return n;
}

std::string Shape::str() const {
  std::string s = "[";
  for (int i = 0; i < rank_; ++i) {
    if (i > 0) s += ',';
    s += std::to_string((*this)[i]);
  }
  s += ']';
  return s;
}

bool Shape::operator==(const Shape& other) const {
  return rank_ == other.rank_ && std::equal(extents_.begin(), extents_.begin() + rank_, other.extents_.begin());
}

std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << shape.str(); }

Tensor::Tensor(Shape shape, DType dtype) : shape_(shape), dtype_(dtype) {
  for (int i = 0; i < shape.rank(); ++i)
    CHECK(shape[i] >= 0, "a tensor of shape ", shape, ": extents are not negative");
  const size_t rounded = (bytes() + 127) / 64 * 64;
  owner_ = rounded >= kLarge ? pages(rounded) : block(rounded);
  data_ = owner_.get();
  CHECK(data_ != nullptr, "out of memory: a tensor ", shape, " ", dtype, " of ", bytes(), " bytes");
}

Tensor Tensor::view(void* data, Shape shape, DType dtype, std::shared_ptr<void> owner) {
  Tensor t;
  t.shape_ = shape;
  t.dtype_ = dtype;
  t.data_ = data;
  t.owner_ = std::move(owner);
  return t;
}

template <> std::span<float> Tensor::as<float>() const { return elements_as<float>(*this, DType::f32); }
template <> std::span<uint16_t> Tensor::as<uint16_t>() const { return elements_as<uint16_t>(*this, DType::bf16); }
template <> std::span<int32_t> Tensor::as<int32_t>() const { return elements_as<int32_t>(*this, DType::i32); }
template <> std::span<int64_t> Tensor::as<int64_t>() const { return elements_as<int64_t>(*this, DType::i64); }
template <> std::span<uint8_t> Tensor::as<uint8_t>() const { return elements_as<uint8_t>(*this, DType::u8); }
template <> std::span<int8_t> Tensor::as<int8_t>() const { return elements_as<int8_t>(*this, DType::i8); }

float* Tensor::f32() const { return as<float>().data(); }
int32_t* Tensor::i32() const { return as<int32_t>().data(); }

Tensor Tensor::clone() const {
  if (empty()) return {};
  Tensor copy(shape_, dtype_);
  std::memcpy(copy.data_, data_, bytes());
  return copy;
}

Tensor Tensor::reshaped(Shape shape) const {
  CHECK(shape.elements() == elements(), "cannot view ", shape_, " as ", shape, ": ", elements(), " elements against ",
        shape.elements());
  Tensor t = *this;
  t.shape_ = shape;
  return t;
}

}  // namespace resnet
