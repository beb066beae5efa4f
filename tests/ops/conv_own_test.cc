// The own bf16 convolutions against plain loops in double, over shapes with odd sizes, small batches and several threads.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "core/bf16.h"
#include "core/cpu.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "ops/conv.h"
#include "ops/cpu/conv.h"
#include "ops/cpu/conv_ahead.h"
#include "ops/cpu/conv_pass.h"
#include "ops/kernel.h"

namespace resnet {
namespace {

struct Case {
  int64_t n, h, w, c, out, kernel, stride, pad;
};

std::ostream& operator<<(std::ostream& o, const Case& c) {
  return o << "n" << c.n << "_" << c.h << "x" << c.w << "_c" << c.c << "_to" << c.out << "_k" << c.kernel << "_s"
           << c.stride << "_p" << c.pad;
}

std::vector<uint16_t> random_bf16(int64_t count, uint64_t seed) {
  Rng rng(seed);
  std::vector<uint16_t> v(static_cast<size_t>(count));
  for (uint16_t& e : v) e = f32_to_bf16(rng.uniform(-1, 1));
  return v;
}

// One convolution with its operands, and the naive results of all three passes in double.
struct Problem {
  explicit Problem(const Case& c, bool fused)
      : conv({.out = c.out,
              .kernel = c.kernel,
              .stride = c.stride,
              .pad = c.pad,
              .bias = fused,
              .add = fused,
              .relu = fused}) {
    xs = {c.n, c.h, c.w, c.c};
    ys = Shape{c.n, (c.h + 2 * c.pad - c.kernel) / c.stride + 1, (c.w + 2 * c.pad - c.kernel) / c.stride + 1, c.out};
    x = random_bf16(xs.elements(), 1);
    dy = random_bf16(ys.elements(), 2);
    addend = random_bf16(ys.elements(), 5);
    before = random_bf16(xs.elements(), 3);
    Rng rng(4);
    for (int64_t i = 0; i < c.out * c.c * c.kernel * c.kernel; ++i)
      w.push_back(bf16_to_f32(f32_to_bf16(rng.uniform(-0.2f, 0.2f))));
    for (int64_t i = 0; i < c.out; ++i) bias.push_back(rng.uniform(-1, 1));
    solve(c);
  }

  void solve(const Case& c) {
    y.assign(static_cast<size_t>(ys.elements()), 0);
    dx.assign(x.size(), 0);
    dw.assign(w.size(), 0);
    for (int64_t n = 0; n < c.n; ++n)
      for (int64_t oy = 0; oy < ys[1]; ++oy)
        for (int64_t ox = 0; ox < ys[2]; ++ox)
          for (int64_t ky = 0; ky < c.kernel; ++ky)
            for (int64_t kx = 0; kx < c.kernel; ++kx) {
              const int64_t iy = oy * c.stride + ky - c.pad, ix = ox * c.stride + kx - c.pad;
              if (iy < 0 || iy >= c.h || ix < 0 || ix >= c.w) continue;
              at_tap(c, ((n * ys[1] + oy) * ys[2] + ox) * c.out, ((n * c.h + iy) * c.w + ix) * c.c, ky * c.kernel + kx);
            }
  }

  void at_tap(const Case& c, int64_t to, int64_t from, int64_t tap) {
    for (int64_t o = 0; o < c.out; ++o)
      for (int64_t i = 0; i < c.c; ++i) {
        const auto wi = static_cast<size_t>((o * c.c + i) * c.kernel * c.kernel + tap);
        const auto yi = static_cast<size_t>(to + o), xi = static_cast<size_t>(from + i);
        const double xv = bf16_to_f32(x[xi]), dyv = bf16_to_f32(dy[yi]);
        y[yi] += xv * w[wi];
        dx[xi] += dyv * w[wi];
        dw[wi] += dyv * xv;
      }
  }

  Conv conv;
  Shape xs, ys;
  std::vector<uint16_t> x, dy, addend, before;
  std::vector<float> w, bias;
  std::vector<double> y, dx, dw;
};

// Results in bf16 carry one rounding; sums in f32 are compared with the largest of their kind.
void expect_near(const std::vector<double>& want, const std::vector<double>& got, double tolerance, const char* what) {
  double scale = 0, worst = 0;
  for (double v : want) scale = std::max(scale, std::abs(v));
  size_t at = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    const double error = std::abs(want[i] - got[i]);
    if (!(error <= worst)) worst = error, at = i;
  }
  EXPECT_LE(worst, tolerance * scale) << what << " at " << at << ": " << got[at] << " instead of " << want[at];
}

std::vector<double> widened(const std::vector<uint16_t>& v) {
  std::vector<double> d;
  for (uint16_t e : v) d.push_back(bf16_to_f32(e));
  return d;
}

// Buffers filled with NaN show every element that is read before it was written.
constexpr uint16_t kNan = 0x7fff;

struct Free {
  void operator()(void* p) const { std::free(p); }
};

// A kernel of the given name for a problem, with its workspace.
struct Candidate {
  Candidate(const KernelEntry& entry, const Problem& p, bool train) {
    KernelSpec spec;
    spec.op = &p.conv;
    spec.x = {p.xs};
    if (p.conv.a.add) spec.x.push_back(p.ys);
    spec.y = p.ys;
    spec.dtype = DType::bf16;
    spec.train = train;
    spec.need_dx[0] = train && p.xs[3] % 16 == 0;
    EXPECT_EQ(entry.reject(spec), "");
    kernel = entry.make(spec);
    const size_t bytes = (kernel->needs().workspace_bytes + 63) / 64 * 64;
    workspace.reset(static_cast<uint16_t*>(std::aligned_alloc(64, bytes)));
    std::fill_n(workspace.get(), bytes / 2, kNan);
    args.workspace = workspace.get();
  }

  std::unique_ptr<Kernel> kernel;
  std::unique_ptr<uint16_t, Free> workspace;
  KernelArgs args;
};

void check_training(const KernelEntry& entry, Problem& p) {
  Candidate t(entry, p, true);
  t.kernel->pack({p.w.data()});
  std::vector<uint16_t> y(p.y.size(), kNan), dx(p.x.size(), kNan);
  std::vector<float> dw(p.w.size(), std::nanf(""));
  t.args.x[0] = p.x.data();
  t.args.y = y.data();
  t.kernel->forward(t.args);
  expect_near(p.y, widened(y), 4e-3, "y");

  t.args.dy = p.dy.data();
  t.args.dw = {dw.data()};
  if (t.kernel->spec().need_dx[0]) t.args.dx[0] = dx.data();
  t.kernel->backward(t.args);
  expect_near(p.dw, {dw.begin(), dw.end()}, 1e-5, "dw");
  if (!t.kernel->spec().need_dx[0]) return;
  expect_near(p.dx, widened(dx), 4e-3, "dx");

  ASSERT_TRUE(t.kernel->needs().accumulates[0]);
  dx = p.before;
  t.args.accumulate[0] = true;
  t.kernel->backward(t.args);
  std::vector<double> sum = p.dx;
  for (size_t i = 0; i < sum.size(); ++i) sum[i] += bf16_to_f32(p.before[i]);
  expect_near(sum, widened(dx), 4e-3, "dx +=");
}

void check_inference(const KernelEntry& entry, Problem& p) {
  Candidate t(entry, p, false);
  t.kernel->pack({p.w.data(), p.bias.data()});
  std::vector<uint16_t> y(p.y.size(), kNan);
  t.args.x = {p.x.data(), p.addend.data()};
  t.args.y = y.data();
  t.kernel->forward(t.args);
  std::vector<double> want = p.y;
  const auto out = static_cast<size_t>(p.ys[3]);
  for (size_t i = 0; i < want.size(); ++i)
    want[i] = std::max(0.0, want[i] + p.bias[i % out] + bf16_to_f32(p.addend[i]));
  expect_near(want, widened(y), 4e-3, "y");
}

class OwnConvTest : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (isa() < Isa::avx512_bf16) GTEST_SKIP() << "this processor has neither AMX nor AVX-512 bf16";
  }
  void TearDown() override { set_threads(0); }

  // With every own kernel that this processor can run, on one and two threads, small pictures also on three.
  template <class Check> void for_all_kernels(Check check) {
    const int most = GetParam().h * GetParam().w <= 200 ? 3 : 2;
    for (const KernelEntry* e : kernels_of("conv", "cpu")) {
      if (e->name != "avx512_bf16" && !(e->name == "amx" && isa() >= Isa::amx)) continue;
      for (int n = 1; n <= most; ++n) {
        SCOPED_TRACE(e->name + " on " + std::to_string(n) + " threads");
        set_threads(n);
        check(*e);
      }
    }
  }
};

TEST_P(OwnConvTest, TrainsLikeThePlainLoops) {
  Problem p(GetParam(), false);
  for_all_kernels([&](const KernelEntry& e) { check_training(e, p); });
}

TEST_P(OwnConvTest, InfersWithBiasAddendAndRelu) {
  Problem p(GetParam(), true);
  for_all_kernels([&](const KernelEntry& e) { check_inference(e, p); });
}

// The one pass of its kind, as a whole and by ranges.
class StemTest : public OwnConvTest {};

TEST_P(StemTest, WeightGradient) {
  const Problem p(GetParam(), false);
  ConvCase c;
  c.shape = {p.xs[0],         p.xs[1],      p.xs[2], p.xs[3], p.conv.a.kernel,
             p.conv.a.stride, p.conv.a.pad, p.ys[1], p.ys[2], p.ys[3]};
  c.dtype = DType::bf16;
  c.train = true;
  c.pass = ConvPassKind::weight_gradient;
  for (int n = 1; n <= 3; ++n)
    for (const bool ranges : {false, true}) {
      SCOPED_TRACE(std::to_string(n) + " threads" + (ranges ? ", ranges" : ""));
      set_threads(n);
      c.ranges = ranges;
      const std::unique_ptr<ConvPass> pass = best_conv_pass(c, "stem");
      std::vector<uint16_t> workspace(pass->workspace_bytes() / 2, kNan);
      std::vector<float> dw(p.w.size(), std::nanf(""));
      ConvArgs a;
      a.x = p.x.data();
      a.dy = p.dy.data();
      a.dw = dw.data();
      a.workspace = workspace.data();
      if (ranges) {
        parallel_for(c.shape.n, [&](int64_t begin, int64_t end, int thread) {
          Ahead ahead;
          ahead.add(p.x.data(), static_cast<int64_t>(p.x.size()) * 2);
          for (int64_t first = begin, count = 1; first < end; first += count, count = end - first) {
            ConvArgs own = a;
            own.ahead = &ahead;
            own.x = p.x.data() + first * p.xs.elements() / c.shape.n;
            own.dy = p.dy.data() + first * p.ys.elements() / c.shape.n;
            pass->run_range(own, first, count, thread, first == begin);
          }
        });
        pass->finish_ranges(a, c.shape.n);
      } else {
        pass->run(a);
      }
      expect_near(p.dw, {dw.begin(), dw.end()}, 1e-5, "dw");
    }
}

const Case kStems[] = {
    // n, h, w, c, out, kernel, stride, pad
    {7, 32, 32, 3, 32, 3, 1, 1}, {2, 38, 38, 3, 64, 7, 2, 3}, {1, 35, 27, 3, 96, 11, 4, 2},  {5, 8, 9, 1, 48, 3, 1, 1},
    {2, 9, 13, 4, 48, 5, 3, 0},  {4, 1, 1, 3, 32, 3, 1, 1},   {2, 6, 3, 2, 32, 2, 2, 0},     {1, 5, 4, 3, 32, 1, 1, 2},
    {3, 10, 11, 3, 32, 2, 3, 0}, {2, 7, 6, 3, 32, 3, 5, 1},   {1, 224, 224, 3, 64, 7, 2, 3},
};
INSTANTIATE_TEST_SUITE_P(Shapes, StemTest, testing::ValuesIn(kStems));

const Case kCases[] = {
    // n, h, w, c, out, kernel, stride, pad: CIFAR's
    {3, 32, 32, 3, 16, 3, 1, 1},
    {3, 32, 32, 16, 16, 3, 1, 1},
    {2, 32, 32, 16, 32, 3, 2, 1},
    {4, 16, 16, 32, 32, 3, 1, 1},
    {3, 16, 16, 32, 64, 3, 2, 1},
    {5, 8, 8, 64, 64, 3, 1, 1},
    {3, 32, 32, 16, 32, 1, 2, 0},
    // ImageNet's
    {2, 38, 38, 3, 64, 7, 2, 3},
    {2, 14, 14, 64, 256, 1, 1, 0},
    {2, 14, 14, 256, 64, 1, 1, 0},
    {2, 14, 14, 256, 128, 1, 2, 0},
    {2, 14, 14, 128, 512, 1, 2, 0},
    {33, 7, 7, 64, 64, 3, 1, 1},
    {2, 14, 14, 128, 128, 3, 2, 1},
    {1, 7, 7, 1024, 64, 1, 1, 0},
    {1, 7, 7, 512, 2048, 1, 1, 0},
    {2, 7, 7, 256, 256, 3, 1, 1},
    {3, 9, 56, 64, 64, 3, 1, 1},
    // awkward ones
    {1, 1, 1, 16, 16, 1, 1, 0},
    {1, 1, 1, 32, 16, 3, 1, 1},
    {5, 1, 1, 3, 16, 3, 1, 1},
    {131, 1, 1, 4, 32, 1, 1, 0},
    {3, 9, 5, 3, 16, 1, 1, 0},
    {9, 7, 7, 1024, 64, 1, 1, 0},
    {3, 5, 7, 48, 80, 3, 1, 1},
    {1, 9, 6, 16, 48, 3, 2, 1},
    {3, 7, 5, 32, 32, 3, 2, 0},
    {1, 5, 5, 64, 16, 1, 3, 0},
    {5, 6, 6, 16, 32, 2, 2, 0},
    {3, 11, 13, 48, 32, 1, 1, 0},
    {2, 8, 8, 1, 16, 3, 1, 1},
    {1, 4, 4, 96, 32, 3, 3, 1},
    {2, 10, 10, 32, 32, 3, 1, 0},
    {2, 6, 6, 32, 32, 1, 1, 1},
    {1, 5, 5, 16, 16, 3, 1, 2},
    {2, 7, 8, 32, 16, 2, 3, 2},
    {3, 4, 4, 16, 64, 1, 2, 1},

};

INSTANTIATE_TEST_SUITE_P(Shapes, OwnConvTest, testing::ValuesIn(kCases));

}  // namespace
}  // namespace resnet
