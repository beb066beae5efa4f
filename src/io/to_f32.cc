#include "io/to_f32.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "core/bf16.h"
#include "core/check.h"

namespace resnet {

namespace {

template <class T, class Convert> Tensor converted(const Tensor& tensor, Convert convert) {
  Tensor y(tensor.shape());
  const auto* x = static_cast<const std::byte*>(tensor.raw());
  float* out = y.f32();
  for (int64_t i = 0; i < tensor.elements(); ++i) {
    T value;
    std::memcpy(&value, x + static_cast<size_t>(i) * sizeof value, sizeof value);
    out[i] = convert(value);
  }
  return y;
}

template <class T> Tensor cast(const Tensor& tensor) {
  return converted<T>(tensor, [](T v) { return static_cast<float>(v); });
}

}  // namespace

float f16_to_f32(uint16_t v) {
  const uint32_t sign = static_cast<uint32_t>(v & 0x8000u) << 16, exponent = (v >> 10) & 31u, fraction = v & 1023u;
  if (exponent == 0) return std::copysign(std::ldexp(static_cast<float>(fraction), -24), sign ? -1.0f : 1.0f);
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | (fraction << 13));
  return std::bit_cast<float>(sign | ((exponent + 112u) << 23) | (fraction << 13));
}

Tensor to_f32(const Tensor& tensor) {
  switch (tensor.dtype()) {
    case DType::f32:
      return tensor;
    case DType::bf16:
      return converted<uint16_t>(tensor, bf16_to_f32);
    case DType::f16:
      return converted<uint16_t>(tensor, f16_to_f32);
    case DType::f64:
      return cast<double>(tensor);
    case DType::i32:
      return cast<int32_t>(tensor);
    case DType::i64:
      return cast<int64_t>(tensor);
    case DType::u8:
      return cast<uint8_t>(tensor);
    case DType::i8:
      return cast<int8_t>(tensor);
  }
  throw Error(join("a tensor of an unknown dtype, ", tensor.shape()));
}

}  // namespace resnet
