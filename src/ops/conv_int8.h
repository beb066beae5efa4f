// Convolution in int8 for inference: u8 activations, i8 weights with one scale an output channel, exact sums in i32.
// A value is (q - zero)·scale. zero is fixed by the graph: 0 after a ReLU, kSignedZero elsewhere; the scales are parameters.
// y = clamp(round(relu(conv(x) + bias + x[1]) / y_scale) + zero), or f32 logits. A linear layer is a 1x1 convolution.
#pragma once

#include "resnet/graph.h"

namespace resnet {

/// The u8 that stands for 0 where values of both signs occur.
inline constexpr int64_t kSignedZero = 128;

struct ConvInt8 final : Op {
  struct Attributes {
    int64_t out = 0;
    int64_t kernel = 1;
    int64_t stride = 1;
    int64_t pad = 0;
    int64_t groups = 1;
    bool add = false;  ///< a second input of the output's shape is added
    bool relu = false;
    bool f32_output = false;
    int64_t x_zero = 0;       ///< what stands for 0 in x
    int64_t addend_zero = 0;  ///< and in x[1]
  };

  explicit ConvInt8(Attributes attributes) : a(attributes) {}
  std::string_view kind() const override { return "conv_int8"; }
  std::string describe() const override;
  Shape infer(const std::vector<Shape>& x) const override;
  DType output_dtype(DType activations) const override { return a.f32_output ? DType::f32 : activations; }
  std::vector<ParamSpec> params(const std::vector<Shape>& x) const override;
  int64_t multiply_adds(const std::vector<Shape>& x) const override;
  int64_t y_zero() const { return a.relu ? 0 : kSignedZero; }

  const Attributes a;
};

/// The parameters of one convolution, as KernelArgs::w holds them (the order of params()).
struct ConvInt8Params {
  const int8_t* weight;       ///< [out, C/groups, k, k]
  const float* weight_scale;  ///< [out]
  const float* bias;          ///< [out], in real units
  float x_scale;
  float addend_scale;  ///< 0 without an addend
  float y_scale;       ///< 1 where the output is f32
};
ConvInt8Params conv_int8_params(const ConvInt8& conv, const std::vector<float*>& w);

}  // namespace resnet
