// Weight gradient of a network's first convolution, whose few input channels fill no tile: the inputs that lie side by side under
// a kernel row are the rows of a product of any height, dy's channels its columns. The two elements of a bf16 pair are
// neighbouring output pixels.
#include <algorithm>
#include <cstring>
#include <vector>

#include "core/check.h"
#include "core/cpu.h"
#include "core/parallel.h"
#include "ops/cpu/conv_ahead.h"
#include "ops/cpu/conv_own_pack.h"
#include "ops/cpu/conv_pass.h"
#include "ops/cpu/conv_winograd_loops.h"

namespace resnet {

namespace {

constexpr const char* kName = "stem";
constexpr int64_t kCacheBytes = 256 * 1024;  // of what is packed at a time, a thread

class StemWeightGradient final : public ConvPass {
 public:
  explicit StemWeightGradient(const ConvCase& c)
      : s_(c.shape),
        taps_(s_.k * s_.c),
        step_(s_.stride * s_.c),
        pairs_(ceil_div(s_.ow, 2)),
        line_((2 * pairs_ - 2) * step_ + taps_),
        padded_(line_ + step_),
        rows_(std::clamp<int64_t>(kCacheBytes / ((s_.stride * line_ + pairs_ * s_.oc) * 4), 1, s_.oh)),
        blocks_(ceil_div(s_.oh, rows_)) {}

  std::string name() const override { return kName; }
  size_t workspace_bytes() const override { return static_cast<size_t>(threads_ * thread_floats()) * sizeof(float); }

  void run(const ConvArgs& a) override {
    check_planned_threads(kName, threads_);
    parallel_for(s_.n * blocks_, [&](int64_t begin, int64_t end, int thread) {
      for (int64_t i = begin; i < end; ++i) add_block(a, i, thread, i == begin, 0);
    });
    finish_ranges(a, s_.n * blocks_);
  }
  void run_range(const ConvArgs& a, int64_t /*first*/, int64_t count, int thread, bool fresh) override {
    for (int64_t i = 0; i < count * blocks_; ++i) {
      const int64_t products = (count * blocks_ - i) * s_.k * rows_;
      add_block(a, i, thread, fresh && i == 0, a.ahead ? ceil_div(a.ahead->lines(), products) : 0);
    }
  }
  void finish_ranges(const ConvArgs& a, int64_t ranges) override {
    std::vector<const float*> parts;
    for (const int t : threads_with_part(ranges)) parts.push_back(sums(a, t));
    for (int64_t tap = 0; tap < s_.k * taps_; ++tap) {
      const int64_t ky = tap / taps_, kx = tap % taps_ / s_.c, c = tap % s_.c;
      for (int64_t o = 0; o < s_.oc; ++o) {
        float sum = 0;
        for (const float* part : parts) sum += part[tap * s_.oc + o];
        a.dw[((o * s_.c + c) * s_.k + ky) * s_.k + kx] = sum;
      }
    }
  }

 private:
  // A thread's part: sums [kernel row][tap][oc], packed lines of x, packed rows of dy, a line of x between zeros.
  int64_t sums_floats() const { return s_.k * taps_ * s_.oc; }
  int64_t lines_floats() const { return ((rows_ - 1) * s_.stride + s_.k) * line_; }
  int64_t thread_floats() const {
    return round_up(sums_floats() + lines_floats() + rows_ * pairs_ * s_.oc + ceil_div(padded_, 2), 16) +
           kThreadGap / 4;
  }
  float* sums(const ConvArgs& a, int thread) const {
    return static_cast<float*>(a.workspace) + thread * thread_floats();
  }

  // Block i of rows, counted over the pictures; `fetched` lines ahead with every product.
  void add_block(const ConvArgs& a, int64_t i, int thread, bool fresh, int64_t fetched) const {
    float* sum = sums(a, thread);
    float* lines = sum + sums_floats();
    float* gradients = lines + lines_floats();
    auto* padded = reinterpret_cast<uint16_t*>(gradients + rows_ * pairs_ * s_.oc);
    const int64_t n = i / blocks_, y0 = s_.oh * (i % blocks_) / blocks_,
                  rows = s_.oh * (i % blocks_ + 1) / blocks_ - y0;
    const auto* x = static_cast<const uint16_t*>(a.x) + n * s_.h * s_.w * s_.c;
    const auto* dy = static_cast<const uint16_t*>(a.dy) + (n * s_.oh + y0) * s_.ow * s_.oc;
    std::memset(padded, 0, static_cast<size_t>(padded_) * 2);
    for (int64_t line = 0; line < (rows - 1) * s_.stride + s_.k; ++line)
      pack_line(x, y0 * s_.stride - s_.pad + line, padded, lines + line * line_);
    for (int64_t row = 0; row < rows; ++row) pack_row(dy + row * s_.ow * s_.oc, gradients + row * pairs_ * s_.oc);
    for (int64_t ky = 0; ky < s_.k; ++ky)
      for (int64_t row = 0; row < rows; ++row) {
        winograd_avx512_bf16().accumulate(lines + (row * s_.stride + ky) * line_, 2 * step_, taps_,
                                          gradients + row * pairs_ * s_.oc, s_.oc, s_.oc, pairs_, fresh && row == 0,
                                          sum + ky * taps_ * s_.oc, s_.oc);
        if (a.ahead) a.ahead->fetch(fetched);
      }
  }

  // Every element of a line of x, and the one that is under the same tap for the next output pixel.
  void pack_line(const uint16_t* x, int64_t y, uint16_t* padded, float* to) const {
    if (y < 0 || y >= s_.h) {
      std::memset(to, 0, static_cast<size_t>(line_) * 4);
      return;
    }
    const int64_t left = s_.pad * s_.c, count = std::min(s_.w * s_.c, padded_ - left);
    std::memcpy(padded + left, x + y * s_.w * s_.c, static_cast<size_t>(count) * 2);
    interleave(padded, padded + step_, line_, reinterpret_cast<uint16_t*>(to));
  }

  void pack_row(const uint16_t* dy, float* to) const {
    PixelRun run;
    run.x = dy;
    run.x2 = dy + s_.oc;
    run.step = 2 * s_.oc;
    run.count = s_.ow / 2;
    run.blocks = s_.oc / 16;
    run.out = reinterpret_cast<uint16_t*>(to);
    run.out_step = 2 * s_.oc;
    run.out_block = 32;
    interleave_pixels(run);
    if (s_.ow % 2 != 0) interleave(dy + (s_.ow - 1) * s_.oc, nullptr, s_.oc, run.out + run.count * run.out_step);
  }

  const ConvShape s_;
  const int64_t taps_;           // of a kernel row
  const int64_t step_;           // elements of x from an output pixel to the next
  const int64_t pairs_;          // of output pixels in a row
  const int64_t line_, padded_;  // pairs of a packed line, elements of what it is packed from
  const int64_t rows_, blocks_;  // of outputs, packed at a time; such blocks of a picture
  const int threads_ = threads();
};

std::string reject(const ConvCase& c) {
  const ConvShape& s = c.shape;
  if (isa() < Isa::avx512_bf16) return "needs avx512_bf16";
  if (c.pass != ConvPassKind::weight_gradient) return "weight gradients only";
  if (c.dtype != DType::bf16) return "bf16 only";
  if (s.groups != 1) return "no groups";
  if (s.c > 4) return "at most four input channels";
  if (s.oc % 16 != 0) return "needs output channels in multiples of 16";
  if (s.oc < 32) return "sixteen output channels keep too few sums going";
  return {};
}

const RegisterConvPass stem{
    {kName, 25, true, reject, [](const ConvCase& c) { return std::make_unique<StemWeightGradient>(c); }}};

}  // namespace

}  // namespace resnet
