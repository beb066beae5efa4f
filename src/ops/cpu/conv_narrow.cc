// 3x3 convolutions without stride of few channels in bf16, such as the first stage of the CIFAR networks: all three passes, with
// pictures copied into a frame of zeros so that no loop asks where it ends.
#include <algorithm>
#include <cstring>
#include <vector>

#include "core/bf16.h"
#include "core/check.h"
#include "core/cpu.h"
#include "core/parallel.h"
#include "ops/cpu/conv_few_channels.h"
#include "ops/cpu/conv_narrow_loops.h"
#include "ops/cpu/conv_own_pack.h"
#include "ops/cpu/conv_pass.h"

namespace resnet {

namespace {

constexpr const char* kName = "narrow";

class NarrowPass : public ConvPass {
 public:
  explicit NarrowPass(const ConvShape& s) : s_(s) {}
  std::string name() const override { return kName; }

 protected:
  void check_threads() const { check_planned_threads(kName, threads_); }

  const ConvShape s_;
  const int threads_ = threads();
};

// Forward, and the data gradient, which is a forward of dy with turned weights.
class NarrowConv final : public NarrowPass {
 public:
  explicit NarrowConv(const ConvCase& c)
      : NarrowPass(c.shape),
        turned_(c.pass == ConvPassKind::data_gradient),
        in_(turned_ ? s_.oc : s_.c),
        out_(turned_ ? s_.c : s_.oc),
        strips_(ceil_div(threads_, s_.n)),
        row_((s_.w + 2) * in_),
        weights_(static_cast<size_t>(9 * in_ * out_)) {}

  size_t workspace_bytes() const override { return static_cast<size_t>(threads_) * frame_elements() * 2; }

  // [out/16][ky][in/2][kx][16][2]
  void pack(const float* w) override {
    uint16_t* to = weights_.data();
    for (int64_t o = 0; o < out_; o += 16)
      for (int64_t ky = 0; ky < 3; ++ky)
        for (int64_t k = 0; k < in_; k += 2)
          for (int64_t kx = 0; kx < 3; ++kx)
            for (int64_t j = 0; j < 32; ++j) *to++ = f32_to_bf16(w[index(o + j / 2, k + j % 2, ky * 3 + kx)]);
  }

  void run(const ConvArgs& a) override {
    check_threads();
    parallel_for(s_.n * strips_, [&](int64_t begin, int64_t end, int thread) {
      uint16_t* frame = static_cast<uint16_t*>(a.workspace) + static_cast<size_t>(thread) * frame_elements();
      for (int64_t i = begin; i < end; ++i) {
        const int64_t strip = i % strips_, y0 = s_.h * strip / strips_, y1 = s_.h * (strip + 1) / strips_;
        copy_rows(static_cast<const uint16_t*>(turned_ ? a.dy : a.x) + i / strips_ * s_.h * s_.w * in_, y0, y1, frame);
        for (int64_t y = y0; y < y1; ++y) write_row(a, frame + (y - y0) * row_, (i / strips_ * s_.h + y) * s_.w * out_);
      }
    });
  }

 private:
  size_t frame_elements() const { return static_cast<size_t>((ceil_div(s_.h, strips_) + 2) * row_ + kThreadGap / 2); }

  int64_t index(int64_t o, int64_t i, int64_t tap) const {
    return turned_ ? (i * s_.c + o) * 9 + 8 - tap : (o * s_.c + i) * 9 + tap;
  }

  // What output rows [y0, y1) read.
  void copy_rows(const uint16_t* x, int64_t y0, int64_t y1, uint16_t* to) const {
    for (int64_t y = y0 - 1; y <= y1; ++y, to += row_) {
      const bool inside = y >= 0 && y < s_.h;
      std::memset(to, 0, static_cast<size_t>(inside ? in_ : row_) * 2);
      if (!inside) continue;
      std::memcpy(to + in_, x + y * s_.w * in_, static_cast<size_t>(s_.w * in_) * 2);
      std::memset(to + row_ - in_, 0, static_cast<size_t>(in_) * 2);
    }
  }

  void write_row(const ConvArgs& a, const uint16_t* x, int64_t at) const {
    NarrowRow r;
    r.x = x;
    r.row = row_;
    r.in = in_;
    r.count = s_.w;
    r.step = out_;
    r.relu = a.relu;
    auto* y = static_cast<uint16_t*>(turned_ ? a.dx : a.y) + at;
    const void* addend = turned_ ? (a.accumulate ? a.dx : nullptr) : a.addend;
    for (int64_t o = 0; o < out_; o += 16) {
      r.w = weights_.data() + o * 9 * in_;
      r.y = y + o;
      r.addend = addend ? static_cast<const uint16_t*>(addend) + at + o : nullptr;
      r.bias = a.bias ? a.bias + o : nullptr;
      narrow_row(r);
    }
  }

  const bool turned_;
  const int64_t in_, out_, strips_, row_;  // strips: parts of a picture that threads share out
  std::vector<uint16_t> weights_;
};

class NarrowWeightGradient final : public NarrowPass {
 public:
  explicit NarrowWeightGradient(const ConvCase& c)
      : NarrowPass(c.shape),
        parts_(std::min<int64_t>(threads_, ceil_div(s_.n, 2))),
        sums_(9 * s_.c * s_.oc),
        x_plane_(s_.h * s_.w * 32),
        dy_plane_(s_.h * (s_.w + 2) * 32) {}

  size_t workspace_bytes() const override { return static_cast<size_t>(parts_ * part_bytes()); }

  void run(const ConvArgs& a) override {
    check_threads();
    const int64_t pairs = ceil_div(s_.n, 2);
    parallel_for(parts_, [&](int64_t begin, int64_t end, int) {
      for (int64_t part = begin; part < end; ++part)
        for (int64_t first = pairs * part / parts_, p = first; p < pairs * (part + 1) / parts_; ++p)
          add_pair(a, p, part, p == first);
    });
    const float* sums = static_cast<const float*>(a.workspace);
    for (int64_t o = 0; o < s_.oc; ++o)
      for (int64_t i = 0; i < s_.c; ++i)
        for (int64_t tap = 0; tap < 9; ++tap) {
          float sum = 0;
          for (int64_t part = 0; part < parts_; ++part)
            sum += sums[part * part_bytes() / 4 + place(o / 16, i / 16, tap) + i % 16 * 16 + o % 16];
          a.dw[(o * s_.c + i) * 9 + tap] = sum;
        }
  }

 private:
  int64_t part_bytes() const { return sums_ * 4 + (s_.c / 16 * x_plane_ + s_.oc / 16 * dy_plane_) * 2 + kThreadGap; }
  // Sums are [out/16][in/16][9][16 inputs][16 outputs].
  int64_t place(int64_t o, int64_t i, int64_t tap) const { return ((o * (s_.c / 16) + i) * 9 + tap) * 256; }

  // The pictures 2·pair and 2·pair + 1, of which the second may be missing.
  void add_pair(const ConvArgs& a, int64_t pair, int64_t part, bool fresh) const {
    float* sums = static_cast<float*>(a.workspace) + part * part_bytes() / 4;
    auto* x = reinterpret_cast<uint16_t*>(sums + sums_);
    uint16_t* dy = x + s_.c / 16 * x_plane_;
    const bool second = 2 * pair + 1 < s_.n;
    interleave_rows(static_cast<const uint16_t*>(a.x), s_.c, pair, second, 0, x, x_plane_);
    interleave_rows(static_cast<const uint16_t*>(a.dy), s_.oc, pair, second, 1, dy, dy_plane_);
    NarrowGradient g;
    g.columns = s_.w;
    g.dw_step = 256;
    g.fresh = fresh;
    for (int64_t o = 0; o < s_.oc / 16; ++o)
      for (int64_t i = 0; i < s_.c / 16; ++i)
        for (int64_t ky = 0; ky < 3; ++ky) {
          // Row y of dy meets row y + ky - 1 of x.
          g.rows = s_.h - (ky == 1 ? 0 : 1);
          g.x = x + i * x_plane_ + (ky == 2 ? s_.w * 32 : 0);
          g.dy = dy + o * dy_plane_ + (ky == 0 ? (s_.w + 2) * 32 : 0);
          g.dw = sums + place(o, i, ky * 3);
          narrow_gradient(g);
        }
  }

  // Two pictures element by element, in planes of 16 channels, with `frame` pixels of zeros on both sides of a row.
  void interleave_rows(const uint16_t* from, int64_t channels, int64_t pair, bool second, int64_t frame, uint16_t* to,
                       int64_t plane) const {
    const int64_t picture = s_.h * s_.w * channels, width = s_.w + 2 * frame;
    for (int64_t y = 0; y < s_.h; ++y) {
      for (int64_t b = 0; frame > 0 && b < channels / 16; ++b) {
        std::memset(to + b * plane + y * width * 32, 0, 64);
        std::memset(to + b * plane + (y * width + width - 1) * 32, 0, 64);
      }
      PixelRun run;
      run.x = from + 2 * pair * picture + y * s_.w * channels;
      run.x2 = second ? run.x + picture : nullptr;
      run.step = channels;
      run.count = s_.w;
      run.blocks = channels / 16;
      run.out = to + (y * width + frame) * 32;
      run.out_step = 32;
      run.out_block = plane;
      interleave_pixels(run);
    }
  }

  const int64_t parts_, sums_, x_plane_, dy_plane_;
};

std::unique_ptr<ConvPass> make(const ConvCase& c) {
  if (c.pass == ConvPassKind::weight_gradient) return std::make_unique<NarrowWeightGradient>(c);
  return std::make_unique<NarrowConv>(c);
}

const RegisterConvPass narrow{{kName, 44, false, reject_few_channels, make}};

}  // namespace

std::string reject_few_channels(const ConvCase& c) {
  const ConvShape& s = c.shape;
  if (isa() < Isa::avx512_bf16) return "needs avx512_bf16";
  if (isa() >= Isa::amx) return "AMX computes bf16 faster";
  if (c.dtype != DType::bf16) return "bf16 only";
  if (s.k != 3 || s.stride != 1 || s.pad != 1) return "3x3 without stride, padding 1 only";
  if (s.groups != 1) return "no groups";
  if (s.c % 16 != 0 || s.oc % 16 != 0) return "needs channels in multiples of 16";
  if (s.c > 32 || s.oc > 32) return "up to 32 channels";
  if (s.h * s.w > 64 * 64) return "pictures up to 64x64";
  return {};
}

}  // namespace resnet
