#include "conformance/data.h"

#include <algorithm>
#include <cmath>

#include "core/bf16.h"
#include "core/rng.h"

namespace resnet::conformance {

namespace {

/// Mean 0, variance 1, between -2.45 and 2.45: the sum of two uniform numbers.
float draw_value(Rng& rng) {
  const uint32_t bits = rng.next();
  const float sum = static_cast<float>(bits >> 16) + static_cast<float>(bits & 0xffff);
  return (sum / 65536.0f - 1.0f) * 2.4494897f;
}

/// Integers are all equally likely; -128 does not occur among i8.
std::vector<float> values(Rng& rng, int64_t n, DType dtype) {
  std::vector<float> v(static_cast<size_t>(n));
  for (float& e : v)
    if (dtype == DType::u8)
      e = static_cast<float>(rng.below(256));
    else if (dtype == DType::i8)
      e = static_cast<float>(rng.below(255)) - 127;
    else
      e = rounded(draw_value(rng), dtype);
  return v;
}

/// `weights`: elements that an output sums over, for the scales of i8 weights.
std::vector<float> parameter(Rng& rng, const ParamSpec& p, int64_t weights) {
  if (p.dtype == DType::i8) return values(rng, p.shape.elements(), p.dtype);
  std::vector<float> v = values(rng, p.shape.elements(), DType::f32);
  const double fan_in = static_cast<double>(p.shape.elements()) / static_cast<double>(p.shape[0]);
  for (float& e : v) switch (p.kind) {
      case ParamKind::weight:
        e *= static_cast<float>(1 / std::sqrt(fan_in));
        break;
      case ParamKind::bias:
      case ParamKind::bn_bias:
        break;
      case ParamKind::bn_weight:
        e = 1 + 0.3f * e;
        break;
      case ParamKind::running_mean:
        e *= 0.3f;
        break;
      case ParamKind::running_var:
        e = rng.uniform(0.5f, 2.0f);
        break;
      case ParamKind::scale:
        e = p.shape.elements() == 1 ? rng.uniform(0.02f, 0.03f)
                                    : rng.uniform(0.5f, 1.0f) / 73 / std::sqrt(static_cast<float>(weights));
        break;
    }
  return v;
}

}  // namespace

float rounded(float v, DType dtype) {
  if (dtype == DType::u8) return std::clamp(std::nearbyint(v), 0.0f, 255.0f);
  return dtype == DType::bf16 ? bf16_to_f32(f32_to_bf16(v)) : v;
}

void store(void* to, DType dtype, size_t i, float v) {
  if (dtype == DType::u8)
    static_cast<uint8_t*>(to)[i] = std::isnan(v) ? 0xa5 : static_cast<uint8_t>(v);
  else if (dtype == DType::i8)
    static_cast<int8_t*>(to)[i] = static_cast<int8_t>(v);
  else if (dtype == DType::bf16)
    static_cast<uint16_t*>(to)[i] = f32_to_bf16(v);
  else
    static_cast<float*>(to)[i] = v;
}

float load(const void* from, DType dtype, size_t i) {
  if (dtype == DType::u8) return static_cast<const uint8_t*>(from)[i];
  if (dtype == DType::i8) return static_cast<const int8_t*>(from)[i];
  return dtype == DType::bf16 ? bf16_to_f32(static_cast<const uint16_t*>(from)[i]) : static_cast<const float*>(from)[i];
}

Data make_data(const Case& c, DType dtype, uint64_t draw) {
  Rng rng(c.seed, draw);
  Data d;
  for (size_t i = 0; i < c.x.size(); ++i) {
    d.x[i] = values(rng, c.x[i].elements(), c.x_dtype(dtype));
    d.prior[i] = values(rng, c.x[i].elements(), c.x_dtype(dtype));
  }
  d.dy = values(rng, c.op->infer(c.x).elements(), c.y_dtype(dtype));
  const std::vector<ParamSpec> params = c.params();
  for (const ParamSpec& p : params) d.w.push_back(parameter(rng, p, params[0].shape.elements() / params[0].shape[0]));
  if (c.classes > 0) {
    d.dy = {1};
    const auto classes = static_cast<uint32_t>(c.classes);
    for (int64_t n = 0; n < c.x[0][0]; ++n) d.labels.push_back(static_cast<int32_t>(rng.below(classes)));
    for (int64_t i = 0; i < c.x[0].elements(); ++i)
      d.targets.push_back(rng.uniform() * 2 / static_cast<float>(classes));
  }
  return d;
}

}  // namespace resnet::conformance
