// Shape, DType and Tensor: the values that graphs, plans, files and data sets exchange.
// Activations are NHWC; convolution weights are [out, in/groups, kh, kw] and linear weights [out, in], as in torchvision's files.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace resnet {

/// Computing is done in f32, bf16, and u8 with i8 weights (int8); the others are for labels and what stands in files.
enum class DType : uint8_t { f32, bf16, i32, i64, u8, f16, f64, i8 };

size_t size_of(DType dtype);            ///< bytes of one element
std::string_view name_of(DType dtype);  ///< "f32", "bf16", …
/// The inverse of name_of. Throws Error for anything else, naming the choices.
DType parse_dtype(std::string_view name);
std::ostream& operator<<(std::ostream& out, DType dtype);

/// Up to five extents, row-major (the last one is contiguous).
class Shape {
 public:
  static constexpr int kMaxRank = 5;

  Shape() = default;
  Shape(std::initializer_list<int64_t> extents);
  explicit Shape(std::span<const int64_t> extents);

  int rank() const { return rank_; }
  int64_t operator[](int axis) const { return extents_[static_cast<size_t>(axis)]; }
  int64_t& operator[](int axis) { return extents_[static_cast<size_t>(axis)]; }
  int64_t elements() const;  ///< product of the extents; 1 for rank 0
  std::string str() const;   ///< "[32,16,16,64]"
  bool operator==(const Shape& other) const;

 private:
  std::array<int64_t, kMaxRank> extents_{};
  int rank_ = 0;
};

std::ostream& operator<<(std::ostream& out, const Shape& shape);

/// A dense row-major array. Copies share the storage (as a shared_ptr does); clone() copies the elements.
class Tensor {
 public:
  Tensor() = default;
  /// Own storage, 64-byte aligned, zeroed.
  explicit Tensor(Shape shape, DType dtype = DType::f32);
  /// A view of memory that `owner` keeps alive (or that outlives the view, when owner is null).
  static Tensor view(void* data, Shape shape, DType dtype, std::shared_ptr<void> owner = nullptr);

  bool empty() const { return data_ == nullptr; }
  const Shape& shape() const { return shape_; }
  DType dtype() const { return dtype_; }
  int64_t elements() const { return shape_.elements(); }
  size_t bytes() const { return static_cast<size_t>(elements()) * size_of(dtype_); }
  void* raw() const { return data_; }

  /// The elements as T. Throws Error when T is not the tensor's dtype (uint16_t is bf16).
  template <class T> std::span<T> as() const;
  float* f32() const;
  int32_t* i32() const;

  Tensor clone() const;
  /// The same elements under another shape. Throws Error when the counts differ.
  Tensor reshaped(Shape shape) const;

 private:
  Shape shape_;
  DType dtype_ = DType::f32;
  void* data_ = nullptr;
  std::shared_ptr<void> owner_;
};

template <> std::span<float> Tensor::as<float>() const;
template <> std::span<uint16_t> Tensor::as<uint16_t>() const;
template <> std::span<int32_t> Tensor::as<int32_t>() const;
template <> std::span<int64_t> Tensor::as<int64_t>() const;
template <> std::span<uint8_t> Tensor::as<uint8_t>() const;
template <> std::span<int8_t> Tensor::as<int8_t>() const;

/// Tensors by name. The names are torchvision's state-dict keys ("layer1.0.conv1.weight").
using StateDict = std::map<std::string, Tensor>;

}  // namespace resnet
