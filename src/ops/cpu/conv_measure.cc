#include "ops/cpu/conv_measure.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "core/arena.h"
#include "core/rng.h"

namespace resnet {

namespace {

constexpr int kRuns = 3;
constexpr double kMargin = 0.95;

// Tensors of small numbers, for one pass.
struct Buffers {
  explicit Buffers(const ConvCase& c) : s(c.shape) {
    const int64_t weights = s.oc * s.c / s.groups * s.k * s.k;
    w.resize(static_cast<size_t>(weights));
    bias.resize(static_cast<size_t>(s.oc), 0.5f);
    Rng rng(1);
    for (float& v : w) v = rng.uniform(-0.1f, 0.1f);
    fill(x, s.n * s.h * s.w * s.c, c.dtype, rng);
    fill(y, s.n * s.oh * s.ow * s.oc, c.dtype, rng);
  }

  static void fill(std::unique_ptr<Arena>& arena, int64_t n, DType dtype, Rng& rng) {
    arena = std::make_unique<Arena>(static_cast<size_t>(n) * size_of(dtype) + 64);
    for (int64_t i = 0; i < n; ++i) {
      const float v = rng.uniform(-1, 1);
      uint32_t bits;
      std::memcpy(&bits, &v, sizeof bits);
      if (dtype == DType::f32)
        reinterpret_cast<float*>(arena->at(0))[i] = v;
      else
        reinterpret_cast<uint16_t*>(arena->at(0))[i] = static_cast<uint16_t>(bits >> 16);
    }
  }

  ConvShape s;
  std::vector<float> w, bias;
  std::unique_ptr<Arena> x, y;
};

double seconds(const ConvPassEntry& entry, const ConvCase& c, Buffers& b) {
  const auto pass = entry.make(c);
  pass->pack(b.w.data());
  Arena workspace(pass->workspace_bytes() + 64);
  std::vector<float> dw(b.w.size());
  ConvArgs a;
  a.x = b.x->at(0);
  a.dx = b.x->at(0);
  a.y = b.y->at(0);
  a.dy = b.y->at(0);
  a.dw = dw.data();
  a.bias = c.bias ? b.bias.data() : nullptr;
  a.addend = c.add ? a.y : nullptr;
  a.relu = c.relu;
  a.workspace = workspace.at(0);
  double best = 1e30;
  for (int i = 0; i <= kRuns; ++i) {
    const auto start = std::chrono::steady_clock::now();
    pass->run(a);
    const double s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (i > 0) best = std::min(best, s);
  }
  return best;
}

}  // namespace

const ConvPassEntry* fastest_conv_pass(const ConvCase& given, const std::vector<const ConvPassEntry*>& candidates) {
  ConvCase c = given;
  c.ranges = false;
  Buffers buffers(c);
  const ConvPassEntry* fastest = nullptr;
  double least = 0;
  for (const ConvPassEntry* e : candidates) {
    const double s = seconds(*e, c, buffers);
    if (fastest && s > kMargin * least) continue;
    fastest = e;
    least = s;
  }
  return fastest;
}

}  // namespace resnet
