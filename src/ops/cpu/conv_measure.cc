#include "ops/cpu/conv_measure.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "core/arena.h"
#include "core/rng.h"

namespace resnet {

namespace {

// Each implementation runs this often, in turns, so that what else the machine does meets all of them alike.
constexpr int kLeastRuns = 3, kMostRuns = 20;
constexpr double kSeconds = 0.02;
constexpr double kMargin = 0.95;
constexpr double kHopeless = 3;         // times the fastest so far: not run again
constexpr int64_t kDifferent = 65'536;  // elements of a tensor; the rest repeats them

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
    for (int64_t i = 0; i < std::min(n, kDifferent); ++i) {
      const float v = rng.uniform(-1, 1);
      uint32_t bits;
      std::memcpy(&bits, &v, sizeof bits);
      if (dtype == DType::f32)
        reinterpret_cast<float*>(arena->at(0))[i] = v;
      else
        reinterpret_cast<uint16_t*>(arena->at(0))[i] = static_cast<uint16_t>(bits >> 16);
    }
    const int64_t size = static_cast<int64_t>(size_of(dtype));
    for (int64_t i = kDifferent; i < n; i += kDifferent)
      std::memcpy(arena->at(static_cast<size_t>(i * size)), arena->at(0),
                  static_cast<size_t>(std::min(n - i, kDifferent) * size));
  }

  ConvShape s;
  std::vector<float> w, bias;
  std::unique_ptr<Arena> x, y;
};

// One implementation, ready to run.
struct Runner {
  Runner(const ConvPassEntry& e, const ConvCase& c, const Buffers& b) : entry(&e), pass(e.make(c)) {
    pass->pack(b.w.data());
    workspace = std::make_unique<Arena>(pass->workspace_bytes() + 64);
  }

  void run(const ConvArgs& shared) {
    ConvArgs a = shared;
    a.workspace = workspace->at(0);
    const auto start = std::chrono::steady_clock::now();
    pass->run(a);
    const double s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (runs++ > 0) least = std::min(least, s);  // the first touches memory
    spent += s;
  }

  const ConvPassEntry* entry;
  std::unique_ptr<ConvPass> pass;
  std::unique_ptr<Arena> workspace;
  int runs = 0;
  double least = 1e30, spent = 0;
};

}  // namespace

const ConvPassEntry* fastest_conv_pass(const ConvCase& given, const std::vector<const ConvPassEntry*>& candidates) {
  ConvCase c = given;
  c.ranges = c.sums = false;
  Buffers buffers(c);
  std::vector<float> dw(buffers.w.size());
  ConvArgs a;
  a.dx = buffers.x->at(0);
  a.x = buffers.x->at(0);
  a.y = buffers.y->at(0);
  a.dy = buffers.y->at(0);
  a.dw = dw.data();
  a.bias = c.bias ? buffers.bias.data() : nullptr;
  a.addend = c.add ? a.y : nullptr;
  a.relu = c.relu;
  std::vector<Runner> runners;
  for (const ConvPassEntry* e : candidates) runners.emplace_back(*e, c, buffers);
  double best = 1e30;
  for (int round = 0; round <= kMostRuns; ++round)
    for (Runner& r : runners) {
      if (r.runs > 2 && r.least > kHopeless * best) continue;
      if (r.runs <= kLeastRuns || r.spent < kSeconds) r.run(a);
      best = std::min(best, r.least);
    }
  const Runner* fastest = &runners.front();
  for (const Runner& r : runners)
    if (r.least <= kMargin * fastest->least) fastest = &r;
  return fastest->entry;
}

}  // namespace resnet
