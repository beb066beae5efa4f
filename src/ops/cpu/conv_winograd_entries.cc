// When Winograd's algorithms compute a convolution: F(4x4, 3x3), multiplied in f32 whatever the activations are; F(2x2, 3x3) in
// f32 where few pixels do not pay for reading the larger transformed weights. On processors that multiply bf16, both in bf16 too:
// F(2x2), and in training F(4x4).
#include <algorithm>

#include "core/check.h"
#include "core/cpu.h"
#include "core/parallel.h"
#include "ops/cpu/conv_winograd.h"

namespace resnet {

namespace {

// In multiply-adds of a micro-kernel: what the arithmetic, the transforms and the reading of weights from memory take. The
// weights of the constants are measured (docs/decisions.md); only the order of the sums matters.
constexpr double kTransform = 12, kByte = 6;

double direct_cost(const ConvCase& c) {
  const ConvShape& s = c.shape;
  const double weights = 9.0 * static_cast<double>(s.c * s.oc);
  return weights * static_cast<double>(s.n * s.oh * s.ow) + kByte * static_cast<double>(size_of(c.dtype)) * weights;
}

// F(m x m, 3x3), multiplied in `products`.
struct Tiling {
  int64_t m;
  DType products;
};

double winograd_cost(const ConvCase& c, const Tiling& tiling) {
  const ConvShape& s = c.shape;
  const int64_t m = tiling.m;
  const bool turned = c.pass == ConvPassKind::data_gradient;
  const double tiles = static_cast<double>(s.n * ceil_div(turned ? s.h : s.oh, m) * ceil_div(turned ? s.w : s.ow, m));
  const double positions = static_cast<double>((m + 2) * (m + 2)),
               weights = positions * static_cast<double>(s.c * s.oc);
  // Sums of a weight gradient are also written.
  const double moves = c.pass == ConvPassKind::weight_gradient ? 3 : 1;
  return tiles * (weights + kTransform * positions * static_cast<double>(s.c + s.oc)) +
         moves * kByte * static_cast<double>(size_of(tiling.products)) * weights;
}

std::string reject(const ConvCase& c, const Tiling& tiling) {
  const ConvShape& s = c.shape;
  if (c.direct) return "direct convolutions were asked for";
  if (c.dtype == DType::bf16) {
    if (isa() < Isa::avx512) return "bf16 needs AVX-512";
    if (isa() >= Isa::amx) return "AMX computes bf16 faster";
    if (tiling.products == DType::bf16 && isa() < Isa::avx512_bf16) return "needs avx512_bf16";
  }
  if (s.k != 3 || s.stride != 1) return "3x3 without stride only";
  if (s.groups != 1) return "no groups";
  if (s.pad > 2) return "padding up to 2";
  if (s.c % 16 != 0 || s.oc % 16 != 0) return "needs channels in multiples of 16";
  const double here = winograd_cost(c, tiling), direct = direct_cost(c);
  if (here >= direct) return "too few pixels for weights of this size";
  const int64_t other = 6 - tiling.m;
  if (c.dtype == DType::f32 && here > winograd_cost(c, {other, DType::f32}))
    return join("tiles of ", other, "x", other, " are cheaper");
  return {};
}

std::unique_ptr<ConvPass> make(const ConvCase& c, const Tiling& tiling, const char* name) {
  const WinogradTable& t = winograd();
  const bool in_bf16 = tiling.products == DType::bf16;
  WinogradAlgorithm a{nullptr, in_bf16 ? &winograd_avx512_bf16() : &t.f32, c.dtype};
  if (c.dtype == DType::f32)
    a.transforms = tiling.m == 4 ? &t.f4_f32 : &t.f2_f32;
  else
    a.transforms = tiling.m == 2 ? &t.f2_bf16 : in_bf16 ? &t.f4_bf16 : &t.f4_bf16_in_f32;
  return c.pass == ConvPassKind::weight_gradient ? make_winograd_weight_gradient(c, a, name)
                                                 : make_winograd(c, a, name);
}

constexpr int64_t kLeastChannels = 32;  // F(4x4) in bf16: with fewer its transforms take too long
constexpr int64_t kMostSums = 64 * 64;  // of a weight gradient by ranges, four times as many for every thread
const Tiling kF4{4, DType::f32}, kF4InBf16{4, DType::bf16};
Tiling f2_of(const ConvCase& c) { return {2, c.dtype}; }

const RegisterConvPass f4{{"winograd4x4", 42, false, [](const ConvCase& c) { return reject(c, kF4); },
                           [](const ConvCase& c) { return make(c, kF4, "winograd4x4"); }}};
const RegisterConvPass f2{{"winograd2x2", 43, false, [](const ConvCase& c) { return reject(c, f2_of(c)); },
                           [](const ConvCase& c) { return make(c, f2_of(c), "winograd2x2"); }, true}};
const RegisterConvPass f4_bf16{{"winograd4x4_bf16", 46, true,
                                [](const ConvCase& c) -> std::string {
                                  if (c.dtype != DType::bf16) return "for bf16 only";
                                  if (!c.train) return "rounds too much for answers; training has noise of its own";
                                  if (std::min(c.shape.c, c.shape.oc) < kLeastChannels)
                                    return "too few channels for its transforms";
                                  if (c.ranges && (c.shape.c * c.shape.oc > kMostSums || c.shape.n < threads()))
                                    return "by ranges only with few weights and a picture for every thread";
                                  return reject(c, kF4InBf16);
                                },
                                [](const ConvCase& c) { return make(c, kF4InBf16, "winograd4x4_bf16"); }, true}};

}  // namespace

}  // namespace resnet
