// Convolution in int8 on the CPU: products of tiles (int8_tile.h) over a window of the padded picture
// (conv_int8_geometry.h), requantised, added to the shortcut and clamped while the sums are in registers or the first-level cache.
#include "ops/conv_int8.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/check.h"
#include "core/parallel.h"
#include "ops/cpu/conv_int8_geometry.h"
#include "ops/cpu/int8_tile.h"
#include "ops/cpu/packed_storage.h"
#include "ops/kernel.h"

namespace resnet {

namespace {

constexpr int64_t kSlab = 16;             // blocks of the sum at a time: their weights fit the first-level cache
constexpr int64_t kTogether = 4;          // pairs of tiles that meet a slab
constexpr int64_t kNearBytes = 24 << 10;  // pixels that stay in the first-level cache while all channels pass
constexpr int64_t kFarWeights = 1 << 20;  // weights of more bytes are read once for as many pixels as there are
constexpr int64_t kWindows = 1 << 20;     // bytes of windows at a time

ConvShape shape_of(const KernelSpec& spec) {
  const auto& a = spec.as<ConvInt8>().a;
  const Shape &x = spec.x[0], &y = spec.y;
  return {x[0], x[1], x[2], x[3], a.kernel, a.stride, a.pad, y[1], y[2], a.out, a.groups};
}

class CpuConvInt8 final : public Kernel {
 public:
  explicit CpuConvInt8(const KernelSpec& spec)
      : Kernel(spec),
        op_(spec.as<ConvInt8>()),
        isa_(int8_isa()),
        g_(shape_of(spec), isa_.even),
        panels_(ceil_div(op_.a.out, kInt8Columns)),
        pairs_(ceil_div(g_.tiles, 2)),
        picture_results_(spec.y.elements() / g_.pictures) {
    CHECK(std::max(spec.x[0].elements(), spec.y.elements()) <= INT32_MAX, "int8 convolution: ", spec.x[0], " to ",
          spec.y, " are more than 2 GiB; use a smaller batch");
    needs_.y_over_x[1] = op_.a.add && !op_.a.f32_output;
    needs_.reentrant = true;
    panel_bytes_ = g_.blocks() * kInt8Block;
    weights_ = packed_storage({panels_ * panel_bytes_}, DType::u8);
    scale_ = Tensor({panels_ * kInt8Columns});
    shift_ = Tensor({panels_ * kInt8Columns});
    by_channels_ = panels_ > 1 && panels_ * panel_bytes_ > spec.x[0].elements() + spec.y.elements();
    const int64_t pair_bytes = 2 * kInt8Rows * g_.place_bytes;
    near_pairs_ =
        panels_ * panel_bytes_ > kFarWeights ? pairs_ * g_.pictures : std::max<int64_t>(1, kNearBytes / pair_bytes);
    // An unrolled window is as large as several should be.
    together_ = g_.direct || g_.unrolled ? 1 : std::clamp<int64_t>(kWindows / g_.window_bytes, 1, g_.pictures);
    scratch_bytes_ = round_up(g_.direct ? kInt8Rows * g_.place_bytes : together_ * g_.window_bytes, 64) +
                     kTogether * kInt8Results * 4 + kThreadGap;
    for (int64_t place = 0; place < g_.tiles * kInt8Rows; ++place) {
      const int64_t pixel = g_.pixel(place);
      targets_.push_back(pixel < 0 ? -1 : static_cast<int32_t>(pixel * op_.a.out));
      places_.push_back(static_cast<int32_t>(g_.at(place)));
    }
    needs_.workspace_bytes = static_cast<size_t>(scratch_bytes_ * threads());
  }

  std::string name() const override { return isa_.name; }

  void pack(const std::vector<float*>& w) override {
    const ConvInt8Params p = conv_int8_params(op_, w);
    parallel_for(panels_, [&](int64_t begin, int64_t end, int) {
      for (int64_t panel = begin; panel < end; ++panel) pack_panel(p, panel);
    });
    addend_scale_ = p.addend_scale / p.y_scale;
  }

  void forward(const KernelArgs& k) override {
    const int64_t all = g_.pictures * pairs_;
    const int64_t parts = by_channels_ ? panels_ : all;
    parallel_for(parts, [&](int64_t begin, int64_t end, int thread) {
      Part part{k, static_cast<uint8_t*>(k.workspace) + thread * scratch_bytes_, 0, 0, 0, panels_};
      if (by_channels_) part.panel_begin = begin, part.panel_end = end;
      isa_.begin();
      run(part, by_channels_ ? 0 : begin, by_channels_ ? all : end);
      isa_.end();
    });
  }

 private:
  /// What one thread does: pairs [begin, end) of tiles, counted over the pictures, for some panels of channels.
  struct Part {
    const KernelArgs& k;
    uint8_t* scratch;
    int64_t first_picture;  // whose window comes first in the scratch
    int64_t tail;           // direct: the tile that lies in the scratch (its last places are beyond x); -1: none
    int64_t panel_begin, panel_end;
  };

  void pack_panel(const ConvInt8Params& p, int64_t panel) {
    int8_t* to = reinterpret_cast<int8_t*>(weights_.raw()) + panel * panel_bytes_;
    const int64_t per_out = g_.shape.c * g_.shape.k * g_.shape.k;
    for (int64_t ch = 0; ch < kInt8Columns; ++ch) {
      const int64_t o = panel * kInt8Columns + ch, place = int8_place(ch);
      const bool exists = o < op_.a.out;
      int64_t sum = 0;
      for (size_t i = 0; i < g_.weight.size(); ++i) {
        const bool some = exists && g_.weight[i] >= 0;
        const int8_t v = some ? p.weight[o * per_out + g_.weight[i]] : int8_t{0};
        const auto at = static_cast<int64_t>(i);
        to[at / 64 * kInt8Block + place / 16 * (kInt8Block / 2) + at % 64 / 4 * 64 + place % 16 * 4 + at % 4] = v;
        sum += v;
      }
      if (!exists) continue;
      const double scale = static_cast<double>(p.x_scale) * p.weight_scale[o] / p.y_scale;
      double shift = p.bias[o] / static_cast<double>(p.y_scale) - static_cast<double>(op_.a.x_zero * sum) * scale;
      if (op_.a.add) shift -= static_cast<double>(op_.a.addend_zero) * p.addend_scale / p.y_scale;
      if (!op_.a.f32_output) shift += static_cast<double>(op_.y_zero());
      scale_.f32()[panel * kInt8Columns + place] = static_cast<float>(scale);
      shift_.f32()[panel * kInt8Columns + place] = static_cast<float>(shift);
    }
  }

  void run(Part& part, int64_t begin, int64_t end) const {
    part.tail = g_.direct && g_.even && g_.places % kInt8Rows != 0 && end == pairs_ ? g_.tiles - 1 : -1;
    for (int64_t at = begin; at < end;) {
      const int64_t picture = at / pairs_, stop = std::min(end, (picture + together_) * pairs_);
      part.first_picture = picture;
      load(part, at, stop);
      for (int64_t i = at; i < stop; i += near_pairs_) run_near(part, i, std::min(stop, i + near_pairs_));
      at = stop;
    }
  }

  // Brings what pairs [begin, end) read into the scratch, where it does not lie in x as it is needed.
  void load(const Part& part, int64_t begin, int64_t end) const {
    const auto* x = static_cast<const uint8_t*>(part.k.x[0]);
    if (g_.direct) {
      if (part.tail < 0) return;
      const int64_t first = part.tail * kInt8Rows;
      std::memcpy(part.scratch, x + first * g_.place_bytes, static_cast<size_t>((g_.places - first) * g_.place_bytes));
      return;
    }
    const int64_t pair = 2 * kInt8Rows;
    for (int64_t picture = begin / pairs_; picture * pairs_ < end; ++picture) {
      const int64_t from = std::max(begin - picture * pairs_, int64_t{0}),
                    to = std::min(end - picture * pairs_, pairs_);
      g_.load(x, picture, from * pair, std::min(to * pair, g_.places), static_cast<uint8_t>(op_.a.x_zero),
              part.scratch + (picture - part.first_picture) * g_.window_bytes);
    }
  }

  // Pairs that stay in the first-level cache (or all, where weights are what costs) meet every panel.
  void run_near(const Part& part, int64_t begin, int64_t end) const {
    const int64_t most = g_.blocks() > kSlab ? kTogether : 1;
    for (int64_t panel = part.panel_begin; panel < part.panel_end; ++panel)
      for (int64_t i = begin; i < end; i += most) run_slabs(part, panel, i, std::min(end, i + most));
  }

  void run_slabs(const Part& part, int64_t panel, int64_t begin, int64_t end) const {
    const auto* w = static_cast<const int8_t*>(weights_.raw()) + panel * panel_bytes_;
    for (int64_t k = 0; k < g_.blocks(); k += kSlab) {
      const int64_t blocks = std::min(kSlab, g_.blocks() - k);
      for (int64_t i = begin; i < end; ++i) {
        Int8Product p = product_of(part, i);
        p.blocks = blocks;
        p.a_step = g_.block.data() + k;
        p.quads = g_.quads.data() + k;
        p.b = w + k * kInt8Block;
        p.c = sums(part) + (i - begin) * kInt8Results;
        p.accumulate = k > 0;
        if (k + blocks < g_.blocks())
          isa_.multiply(p);
        else
          finish(part, panel, i, p);
      }
    }
  }

  int32_t* sums(const Part& part) const {
    return reinterpret_cast<int32_t*>(part.scratch + scratch_bytes_ - kThreadGap) - kTogether * kInt8Results;
  }

  Int8Product product_of(const Part& part, int64_t i) const {
    Int8Product p;
    const int64_t picture = i / pairs_, tile = i % pairs_ * 2;
    p.tiles = static_cast<int>(std::min<int64_t>(2, g_.tiles - tile));
    p.pixels = static_cast<int>(std::min(2 * kInt8Rows, g_.places - tile * kInt8Rows));
    const uint8_t* window = g_.direct ? static_cast<const uint8_t*>(part.k.x[0])
                                      : part.scratch + (picture - part.first_picture) * g_.window_bytes;
    for (int t = 0; t < p.tiles; ++t) {
      const bool tail = g_.direct && tile + t == part.tail;
      p.a[t] = tail ? part.scratch : window;
      p.pixel[t] = places_.data() + (tail ? 0 : (tile + t) * kInt8Rows);
    }
    return p;
  }

  void finish(const Part& part, int64_t panel, int64_t i, const Int8Product& p) const {
    const int64_t picture = i / pairs_, place = i % pairs_ * 2 * kInt8Rows, out = op_.a.out;
    const int64_t at = picture * picture_results_ + panel * kInt8Columns;
    Int8Store s;
    s.tiles = p.tiles;
    s.channels = static_cast<int>(std::min(kInt8Columns, out - panel * kInt8Columns));
    s.c = p.c;
    s.target = targets_.data() + place;
    s.scale = scale_.f32() + panel * kInt8Columns;
    s.shift = shift_.f32() + panel * kInt8Columns;
    s.y = static_cast<uint8_t*>(part.k.y) + at;
    s.addend = op_.a.add ? static_cast<const uint8_t*>(part.k.x[1]) + at : nullptr;
    s.addend_scale = addend_scale_;
    s.y_f32 = op_.a.f32_output ? static_cast<float*>(part.k.y) + at : nullptr;
    if (!op_.a.f32_output) return isa_.finish(p, s);
    isa_.multiply(p);
    int8_plain().store(s);
  }

  const ConvInt8& op_;
  const Int8Isa& isa_;
  const Int8Geometry g_;
  const int64_t panels_, pairs_;  // of 32 channels; of tiles, a picture
  const int64_t picture_results_;
  int64_t panel_bytes_ = 0;
  bool by_channels_ = false;               // threads share the channels, not the pixels
  int64_t near_pairs_ = 1, together_ = 1;  // pairs a time; pictures whose windows are held at a time
  int64_t scratch_bytes_ = 0;
  std::vector<int32_t> targets_;  // of every place: where its channels go within y's picture; -1: nowhere
  std::vector<int32_t> places_;   // and its bytes in the window
  Tensor weights_, scale_, shift_;
  float addend_scale_ = 0;
};

std::string reject(const KernelSpec& spec) {
  const auto& a = spec.as<ConvInt8>().a;
  if (a.groups != 1) return "groups";
  if (a.add && a.f32_output) return "an addend to f32 output";
  return {};
}

const RegisterKernel registered{{"conv_int8", "cpu", "own", 10, reject, make_kernel<CpuConvInt8>}};

}  // namespace

}  // namespace resnet
