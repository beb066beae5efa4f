// Winograd's convolutions against plain loops in double: tiles that hang over the edge, all paddings, several threads, all
// passes, and that what is not a number stays visible.
#include "ops/cpu/conv_winograd.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "core/bf16.h"
#include "core/cpu.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "ops/cpu/batch_norm_sums.h"

namespace resnet {
namespace {

ConvShape shape(int64_t n, int64_t h, int64_t w, int64_t c, int64_t out, int64_t pad) {
  return {n, h, w, c, 3, 1, pad, h + 2 * pad - 2, w + 2 * pad - 2, out};
}

std::vector<float> random(int64_t count, uint64_t seed) {
  Rng rng(seed);
  std::vector<float> v(static_cast<size_t>(count));
  for (float& e : v) e = rng.uniform(-1, 1);
  return v;
}

// Operands, and all three results by plain loops.
struct Problem {
  explicit Problem(const ConvShape& s, bool in_bf16 = false)
      : s(s),
        x(random(s.n * s.h * s.w * s.c, 1)),
        dy(random(s.n * s.oh * s.ow * s.oc, 2)),
        w(random(s.oc * s.c * 9, 3)),
        y(dy.size()),
        dx(x.size()),
        dw(w.size()) {
    if (in_bf16)
      for (std::vector<float>* v : {&x, &dy, &w})
        for (float& e : *v) e = bf16_to_f32(f32_to_bf16(e));
    for (int64_t n = 0; n < s.n; ++n)
      for (int64_t oy = 0; oy < s.oh; ++oy)
        for (int64_t ox = 0; ox < s.ow; ++ox)
          for (int64_t tap = 0; tap < 9; ++tap) {
            const int64_t iy = oy + tap / 3 - s.pad, ix = ox + tap % 3 - s.pad;
            if (iy < 0 || iy >= s.h || ix < 0 || ix >= s.w) continue;
            at_tap(((n * s.oh + oy) * s.ow + ox) * s.oc, ((n * s.h + iy) * s.w + ix) * s.c, tap);
          }
  }

  void at_tap(int64_t to, int64_t from, int64_t tap) {
    for (int64_t o = 0; o < s.oc; ++o)
      for (int64_t i = 0; i < s.c; ++i) {
        const auto wi = static_cast<size_t>((o * s.c + i) * 9 + tap);
        const auto yi = static_cast<size_t>(to + o), xi = static_cast<size_t>(from + i);
        y[yi] += double{x[xi]} * w[wi];
        dx[xi] += double{dy[yi]} * w[wi];
        dw[wi] += double{dy[yi]} * x[xi];
      }
  }

  const ConvShape s;
  std::vector<float> x, dy, w;
  std::vector<double> y, dx, dw;
};

double relative_error(const std::vector<float>& a, const std::vector<double>& b) {
  double error = 0, power = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    error += (a[i] - b[i]) * (a[i] - b[i]);
    power += b[i] * b[i];
  }
  return std::sqrt(error / power);
}

std::unique_ptr<ConvPass> make(const ConvShape& s, ConvPassKind pass, int64_t m) {
  ConvCase c;
  c.shape = s;
  c.pass = pass;
  const WinogradAlgorithm a{m == 4 ? &winograd().f4_f32 : &winograd().f2_f32, &winograd().f32, DType::f32};
  return pass == ConvPassKind::weight_gradient ? make_winograd_weight_gradient(c, a, "w") : make_winograd(c, a, "w");
}

std::vector<float> run(ConvPass& pass, const Problem& p, ConvArgs args, std::vector<float> to, ConvPassKind kind) {
  std::vector<float> workspace(pass.workspace_bytes() / sizeof(float) + 1, std::numeric_limits<float>::quiet_NaN());
  args.workspace = workspace.data();
  args.x = p.x.data();
  args.dy = p.dy.data();
  args.y = args.dx = to.data();
  args.dw = to.data();
  if (kind != ConvPassKind::weight_gradient) pass.pack(p.w.data());
  pass.run(args);
  return to;
}

struct Odd {
  ConvShape s;
  int threads;
};

class Winograd : public testing::TestWithParam<Odd> {
 protected:
  void SetUp() override { set_threads(GetParam().threads); }
  void TearDown() override { set_threads(0); }
};

TEST_P(Winograd, AllPassesAgreeWithPlainLoops) {
  const Problem p(GetParam().s);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (int64_t m : {2, 4}) {
    // About the square root of the channels times what f32 resolves, and twice that for 4x4.
    const double allowed = m == 2 ? 2e-6 : 4e-6;
    for (auto [kind, expected] : {std::pair{ConvPassKind::forward, &p.y},
                                  {ConvPassKind::data_gradient, &p.dx},
                                  {ConvPassKind::weight_gradient, &p.dw}}) {
      const auto pass = make(p.s, kind, m);
      const auto found = run(*pass, p, {}, std::vector<float>(expected->size(), nan), kind);
      EXPECT_LT(relative_error(found, *expected), allowed) << "m " << m << " pass " << static_cast<int>(kind);
      EXPECT_EQ(found, run(*pass, p, {}, std::vector<float>(expected->size(), nan), kind)) << "not repeatable";
    }
  }
}

TEST_P(Winograd, BiasAddendReluAndAccumulation) {
  const Problem p(GetParam().s);
  const auto bias = random(p.s.oc, 7), addend = random(static_cast<int64_t>(p.y.size()), 8);
  std::vector<double> y = p.y, dx = p.dx;
  for (size_t i = 0; i < y.size(); ++i) y[i] = std::max(0.0, y[i] + bias[i % static_cast<size_t>(p.s.oc)] + addend[i]);
  for (double& e : dx) e += 0.5;
  for (int64_t m : {2, 4}) {
    ConvArgs args;
    args.bias = bias.data();
    args.addend = addend.data();
    args.relu = true;
    EXPECT_LT(
        relative_error(
            run(*make(p.s, ConvPassKind::forward, m), p, args, std::vector<float>(y.size()), ConvPassKind::forward), y),
        4e-6);
    args = {};
    args.accumulate = true;
    EXPECT_LT(relative_error(run(*make(p.s, ConvPassKind::data_gradient, m), p, args,
                                 std::vector<float>(dx.size(), 0.5f), ConvPassKind::data_gradient),
                             dx),
              4e-6);
  }
}

INSTANTIATE_TEST_SUITE_P(Odd, Winograd,
                         testing::Values(Odd{shape(1, 7, 7, 16, 32, 1), 1}, Odd{shape(2, 5, 9, 32, 16, 0), 2},
                                         Odd{shape(3, 13, 33, 32, 16, 1), 2}, Odd{shape(2, 8, 17, 16, 16, 1), 3},
                                         Odd{shape(1, 3, 3, 16, 16, 0), 3}, Odd{shape(3, 1, 6, 48, 16, 1), 2},
                                         Odd{shape(1, 8, 8, 16, 80, 2), 3}, Odd{shape(9, 13, 14, 64, 64, 1), 2},
                                         Odd{shape(2, 14, 14, 32, 64, 1), 3}, Odd{shape(1, 4, 5, 512, 160, 1), 2},
                                         Odd{shape(13, 4, 4, 64, 64, 1), 12}));

std::vector<uint16_t> narrow(const std::vector<float>& v) {
  std::vector<uint16_t> b(v.size());
  for (size_t i = 0; i < v.size(); ++i) b[i] = f32_to_bf16(v[i]);
  return b;
}
std::vector<float> widen(const std::vector<uint16_t>& v) {
  std::vector<float> f(v.size());
  for (size_t i = 0; i < v.size(); ++i) f[i] = bf16_to_f32(v[i]);
  return f;
}

// A pass in bf16, as a whole or by ranges of one picture; with what a batch norm wants; a data gradient may start at `dx`.
std::vector<float> run_bf16(const Problem& p, ConvPass& pass, ConvPassKind kind, bool ranges = false,
                            const OutputSums* sums = nullptr, const std::vector<float>& dx = {}) {
  const bool weights = kind == ConvPassKind::weight_gradient;
  const std::vector<uint16_t> x = narrow(p.x), dy = narrow(p.dy);
  std::vector<uint16_t> to = narrow(dx);
  to.resize(kind == ConvPassKind::forward ? p.y.size() : p.x.size());
  std::vector<float> workspace(pass.workspace_bytes() / sizeof(float) + 1, std::nanf("")), found(p.w.size());
  ConvArgs args;
  args.workspace = workspace.data();
  args.x = x.data();
  args.dy = dy.data();
  args.y = args.dx = to.data();
  args.dw = found.data();
  args.accumulate = !dx.empty();
  args.sums = sums;
  if (!weights) pass.pack(p.w.data());
  if (!ranges) {
    pass.run(args);
  } else {
    parallel_for(p.s.n, [&](int64_t begin, int64_t end, int thread) {
      for (int64_t n = begin; n < end; ++n) {
        ConvArgs own = args;
        own.x = x.data() + n * p.s.h * p.s.w * p.s.c;
        own.dy = dy.data() + n * p.s.oh * p.s.ow * p.s.oc;
        pass.run_range(own, n, 1, thread, n == begin);
      }
    });
    pass.finish_ranges(args, p.s.n);
  }
  return weights ? found : widen(to);
}

// bf16 in, bf16 out: the algorithms on values that bf16 holds, so that only their own rounding is measured.
TEST_P(Winograd, Bf16) {
  if (isa() < Isa::avx512) GTEST_SKIP() << "this runs on " << name_of(isa());
  Problem p(GetParam().s, true);
  struct Algorithm {
    const char* name;
    const WinogradTransforms* transforms;
    const WinogradProducts* products;
    double allowed, weights_allowed;
  };
  const WinogradTable& t = winograd();
  // What is multiplied in f32 is rounded as a result alone (1.7e-3); else what is multiplied is rounded too.
  std::vector<Algorithm> algorithms = {{"4x4 in f32", &t.f4_bf16_in_f32, &t.f32, 3e-3, 4e-6}};
  if (isa() >= Isa::avx512_bf16)
    for (const Algorithm& a : {Algorithm{"2x2", &t.f2_bf16, &winograd_avx512_bf16(), 1e-2, 1e-2},
                               Algorithm{"4x4", &t.f4_bf16, &winograd_avx512_bf16(), 2e-2, 2e-2}})
      algorithms.push_back(a);
  for (const Algorithm& algorithm : algorithms) {
    for (auto [kind, expected] : {std::pair{ConvPassKind::forward, &p.y},
                                  {ConvPassKind::data_gradient, &p.dx},
                                  {ConvPassKind::weight_gradient, &p.dw}}) {
      ConvCase c;
      c.shape = p.s;
      c.dtype = DType::bf16;
      c.pass = kind;
      const WinogradAlgorithm a{algorithm.transforms, algorithm.products, DType::bf16};
      const bool weights = kind == ConvPassKind::weight_gradient;
      const auto pass = weights ? make_winograd_weight_gradient(c, a, "w") : make_winograd(c, a, "w");
      EXPECT_LT(relative_error(run_bf16(p, *pass, kind), *expected),
                weights ? algorithm.weights_allowed : algorithm.allowed)
          << algorithm.name << " pass " << static_cast<int>(kind);
    }
  }
}

// The registered algorithms on bf16 that a convolution with batch norm is made of, and the relative error allowed.
template <class Body> void for_fused(const ConvShape& s, const Body& body) {
  for (const ConvPassEntry& e : conv_passes())
    for (ConvPassKind kind : {ConvPassKind::forward, ConvPassKind::data_gradient, ConvPassKind::weight_gradient})
      for (bool ranges : {false, true}) {
        ConvCase c;
        c.shape = s;
        c.dtype = DType::bf16;
        c.pass = kind;
        c.train = true;
        c.ranges = ranges;
        if (!e.name.starts_with("winograd") || !(e.ranges || (e.sums && !ranges)) || !e.reject(c).empty()) continue;
        SCOPED_TRACE(e.name + ", pass " + std::to_string(static_cast<int>(kind)) + (ranges ? " by ranges" : ""));
        body(*e.make(c), kind, ranges, e.name == "winograd1x4" ? 6e-3 : e.name == "winograd2x2" ? 1e-2 : 2e-2);
      }
}

std::vector<double> no_sums(int64_t channels) {
  return std::vector<double>(sums_bytes(channels, threads()) / sizeof(double));
}

// The sums of values and of products, [pixels][channels]. Errors of a tile's pixels are not quite independent.
void expect_sums(const std::vector<double>& sums, const std::vector<double>& values,
                 const std::vector<double>& products, size_t channels, double allowed) {
  for (size_t c = 0; c < 2 * channels; ++c) {
    double expected = 0, power = 0;
    const std::vector<double>& v = c < channels ? values : products;
    for (size_t i = c % channels; i < v.size(); i += channels) {
      expected += v[i];
      power += v[i] * v[i];
    }
    EXPECT_NEAR(sums[c], expected, 5 * allowed * std::sqrt(power))
        << (c < channels ? "sum" : "products") << " of channel " << c % channels;
  }
}

TEST_P(Winograd, SumsOfTheOutput) {
  const Problem p(GetParam().s, true);
  std::vector<double> squares = p.y;
  for (double& e : squares) e *= e;
  for_fused(p.s, [&](ConvPass& pass, ConvPassKind kind, bool ranges, double allowed) {
    std::vector<double> sums = no_sums(p.s.oc);
    const OutputSums output{sums.data(), nullptr, nullptr, nullptr, nullptr};
    const auto& expected = kind == ConvPassKind::forward ? p.y : kind == ConvPassKind::data_gradient ? p.dx : p.dw;
    const bool forward = kind == ConvPassKind::forward;
    EXPECT_LT(relative_error(run_bf16(p, pass, kind, ranges, forward ? &output : nullptr), expected), allowed);
    if (!forward) return;
    const auto channels = static_cast<size_t>(p.s.oc);
    add_up_sums(sums.data(), p.s.oc, threads());
    expect_sums(sums, p.y, squares, channels, allowed);
    for (size_t o = 0; o < channels; ++o) {
      double all = 0;
      for (size_t i = o; i < squares.size(); i += channels) all += squares[i];
      EXPECT_NEAR(sums[channels + o] / all, 1, 1e-2) << "channel " << o;
    }
  });
}

// Behind a ReLU: where scale·x + shift is positive; or where a mask is set, and what is there already is added.
TEST_P(Winograd, SumsOfTheGradient) {
  const Problem p(GetParam().s, true);
  const auto channels = static_cast<size_t>(p.s.c);
  const auto scale = random(p.s.c, 4), shift = random(p.s.c, 5), dx = random(static_cast<int64_t>(p.dx.size()), 6);
  const std::vector<uint16_t> x = narrow(p.x);
  std::vector<uint16_t> mask(p.dx.size() / 16);
  for (size_t i = 0; i < mask.size(); ++i) mask[i] = static_cast<uint16_t>(i * 40503 + 7);
  for (bool masked : {false, true}) {
    std::vector<double> dz = p.dx, products;
    for (size_t i = 0; i < dz.size(); ++i) {
      const bool open = masked ? mask[i / 16] >> i % 16 & 1 : scale[i % channels] * p.x[i] + shift[i % channels] > 0;
      dz[i] = open ? dz[i] + (masked ? double{dx[i]} : 0) : 0;
      products.push_back(dz[i] * p.x[i]);
    }
    for_fused(p.s, [&](ConvPass& pass, ConvPassKind kind, bool ranges, double allowed) {
      if (kind != ConvPassKind::data_gradient) return;
      SCOPED_TRACE(masked ? "mask" : "scale and shift");
      std::vector<double> sums = no_sums(p.s.c);
      const OutputSums output = masked ? OutputSums{sums.data(), x.data(), nullptr, nullptr, mask.data()}
                                       : OutputSums{sums.data(), x.data(), scale.data(), shift.data(), nullptr};
      const auto found = run_bf16(p, pass, kind, ranges, &output, masked ? dx : std::vector<float>{});
      EXPECT_LT(relative_error(found, dz), allowed);
      add_up_sums(sums.data(), p.s.c, threads());
      expect_sums(sums, dz, products, channels, allowed);
    });
  }
}

TEST(WinogradCases, WhatIsNotANumberStaysVisible) {
  const ConvShape s = shape(1, 9, 9, 16, 16, 1);
  for (float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
    for (int64_t m : {2, 4}) {
      Problem p(s);
      p.x[static_cast<size_t>((4 * 9 + 4) * 16)] = bad;
      ConvArgs args;
      args.relu = true;
      const auto y =
          run(*make(s, ConvPassKind::forward, m), p, args, std::vector<float>(p.y.size()), ConvPassKind::forward);
      EXPECT_FALSE(std::isfinite(y[(4 * 9 + 4) * 16]));
      EXPECT_TRUE(std::isfinite(y[0]));
      const auto dw = run(*make(s, ConvPassKind::weight_gradient, m), p, {}, std::vector<float>(p.dw.size()),
                          ConvPassKind::weight_gradient);
      EXPECT_FALSE(std::isfinite(dw[0]));
    }
}

TEST(WinogradCases, TakesOnlyWhatItComputes) {
  const auto reason = [](ConvShape s, DType dtype = DType::f32) {
    ConvCase c;
    c.shape = s;
    c.dtype = dtype;
    for (const ConvPassEntry& e : conv_passes())
      if (e.name == "winograd4x4") return e.reject(c);
    return std::string("not registered");
  };
  const ConvShape good = shape(16, 56, 56, 64, 64, 1);
  EXPECT_EQ(reason(good), "");
  EXPECT_NE(reason(shape(16, 56, 56, 24, 64, 1)), "");
  EXPECT_NE(reason(shape(16, 56, 56, 64, 40, 1)), "");
  EXPECT_NE(reason(shape(16, 56, 56, 64, 64, 3)), "");
  EXPECT_NE(reason(shape(1, 7, 7, 512, 512, 1)), "") << "the weights are larger than the work";
  ConvShape strided = good;
  strided.stride = 2;
  EXPECT_NE(reason(strided), "");
  ConvShape grouped = good;
  grouped.groups = 2;
  EXPECT_NE(reason(grouped), "");
}

}  // namespace
}  // namespace resnet
