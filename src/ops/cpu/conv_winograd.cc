// Winograd's convolution, forward and data gradient (which is a forward with turned weights): the inputs of some tiles are
// transformed, multiplied position by position with the transformed weights, and transformed back with bias, addend and ReLU.
#include "ops/cpu/conv_winograd.h"

#include <algorithm>

#include "core/check.h"
#include "core/cpu.h"
#include "core/parallel.h"

namespace resnet {

namespace {

constexpr int64_t kMaxPositions = 36;

class WinogradConv final : public ConvPass {
 public:
  WinogradConv(const ConvCase& c, const WinogradAlgorithm& a, std::string name)
      : name_(std::move(name)),
        a_(a),
        turned_(c.pass == ConvPassKind::data_gradient),
        in_(turned_ ? c.shape.oc : c.shape.c),
        out_(turned_ ? c.shape.c : c.shape.oc),
        columns_(out_ % a.products->columns == 0 ? a.products->columns : 16),
        from_(input_tiles(c.shape, a.m(), turned_)),
        to_(output_tiles(c.shape, a.m(), turned_)),
        weights_({a.positions(), in_, out_}, a.element() == 4 ? DType::f32 : DType::bf16),
        zeros_(static_cast<size_t>(in_), 0.0f) {
    plan_chunks();
  }

  std::string name() const override { return name_; }
  size_t workspace_bytes() const override { return transformed_bytes() + static_cast<size_t>(threads_) * sums_bytes(); }

  void pack(const float* w) override {
    // The packed weights are [out/columns][position][in][columns].
    const int64_t plane = in_ * columns_, block = a_.positions() * plane;
    WinogradWeights from;
    from.w = const_cast<float*>(w);
    from.out_step = turned_ ? 9 : in_ * 9;
    from.in_step = turned_ ? out_ * 9 : 9;
    from.turned = turned_;
    parallel_for(out_ / 16, [&](int64_t begin, int64_t end, int) {
      for (int64_t o = begin * 16; o < end * 16; o += 16) {
        // bf16 weights come in pairs, so sixteen outputs are twice as wide there.
        const int64_t lane = o % columns_ * a_.products->packed;
        a_.transforms->weights(from, o, in_, packed() + (o / columns_ * block + lane) * a_.element(), plane, columns_);
      }
    });
  }

  void run(const ConvArgs& args) override {
    CHECK(threads() == threads_, name_, " convolution: planned for ", threads_, " threads, run on ", threads(),
          "; set the number of threads before the plan is made");
    const void* x = turned_ ? args.dy : args.x;
    const int64_t all = from_.count();
    for (int64_t first = 0; first < all; first += chunk_) {
      const int64_t tiles = std::min(chunk_, all - first);
      parallel_for(tiles, [&](int64_t begin, int64_t end, int) { transform(args, x, first, begin, end); });
      const int64_t blocks = out_ / columns_;
      parallel_for(groups_ * blocks, [&](int64_t begin, int64_t end, int thread) {
        for (int64_t i = begin; i < end; ++i) {
          const int64_t group = i / blocks;
          multiply(args, first, tiles * group / groups_, tiles * (group + 1) / groups_, i % blocks, thread);
        }
      });
    }
  }

 private:
  static WinogradTiles input_tiles(const ConvShape& s, int64_t m, bool turned) {
    if (turned) return {s.n, s.oh, s.ow, s.oc, ceil_div(s.w, m), ceil_div(s.h, m), m, m + 2, 2 - s.pad};
    return {s.n, s.h, s.w, s.c, ceil_div(s.ow, m), ceil_div(s.oh, m), m, m + 2, s.pad};
  }
  static WinogradTiles output_tiles(const ConvShape& s, int64_t m, bool turned) {
    if (turned) return {s.n, s.h, s.w, s.c, ceil_div(s.w, m), ceil_div(s.h, m), m, m, 0};
    return {s.n, s.oh, s.ow, s.oc, ceil_div(s.ow, m), ceil_div(s.oh, m), m, m, 0};
  }

  // A thread multiplies the tiles that it has transformed, which then are in its own cache; where tiles are few and weights
  // many, every thread takes a part of the outputs instead, so that the weights are read once.
  void plan_chunks() {
    const int64_t all = from_.count(), weight_bytes = static_cast<int64_t>(weights_.bytes());
    const bool by_tiles = all >= kFewTiles * threads_ || weight_bytes <= kFewWeights;
    chunk_ = ceil_div(all, ceil_div(all, kTilesOfAThread * threads_));
    groups_ = by_tiles ? threads_ : ceil_div(threads_, out_ / columns_);
    group_tiles_ = ceil_div(chunk_, groups_);
    // Sixteen more than needed, so that neither rows nor planes are a power of two apart.
    row_ = in_ + 16;
    plane_ = chunk_ * row_ + 16;
    sums_plane_ = group_tiles_ * columns_ + 16;
  }

  uint8_t* packed() const { return static_cast<uint8_t*>(weights_.raw()); }
  size_t transformed_bytes() const { return static_cast<size_t>(a_.positions() * plane_ * a_.element()); }
  size_t sums_bytes() const { return static_cast<size_t>(a_.positions() * sums_plane_) * sizeof(float); }
  uint8_t* transformed(const ConvArgs& args, int64_t position, int64_t tile) const {
    return static_cast<uint8_t*>(args.workspace) + (position * plane_ + tile * row_) * a_.element();
  }

  void transform(const ConvArgs& args, const void* x, int64_t first, int64_t begin, int64_t end) const {
    int64_t offsets[kMaxPositions];
    const void* pixels[kMaxPositions];
    for (int64_t t = begin; t < end; ++t) {
      from_.offsets(first + t, offsets);
      for (int64_t i = 0; i < a_.positions(); ++i)
        pixels[i] = offsets[i] < 0
                        ? static_cast<const void*>(zeros_.data())
                        : static_cast<const uint8_t*>(x) + static_cast<size_t>(offsets[i]) * size_of(a_.dtype);
      a_.transforms->input(pixels, in_, transformed(args, 0, t), plane_);
    }
  }

  // The tiles [begin, end) of the chunk that begins with tile `first`, one block of output channels.
  void multiply(const ConvArgs& args, int64_t first, int64_t begin, int64_t end, int64_t block, int thread) const {
    if (begin == end) return;
    float* sums = reinterpret_cast<float*>(static_cast<uint8_t*>(args.workspace) + transformed_bytes() +
                                           static_cast<size_t>(thread) * sums_bytes());
    const int64_t plane = in_ * columns_;
    for (int64_t p = 0; p < a_.positions(); ++p)
      a_.products->multiply(transformed(args, p, begin), row_ / a_.products->packed, end - begin,
                            packed() + (block * a_.positions() + p) * plane * a_.element(), in_ / a_.products->packed,
                            columns_, sums + p * sums_plane_);
    int64_t pixels[kMaxPositions];
    WinogradOutput o;
    o.plane = sums_plane_;
    o.pixels = pixels;
    o.channels = columns_;
    o.relu = args.relu;
    o.bias = args.bias ? args.bias + block * columns_ : nullptr;
    const size_t channel = static_cast<size_t>(block * columns_) * size_of(a_.dtype);
    o.y = static_cast<uint8_t*>(turned_ ? args.dx : args.y) + channel;
    const void* addend = turned_ ? (args.accumulate ? args.dx : nullptr) : args.addend;
    if (addend) o.addend = static_cast<const uint8_t*>(addend) + channel;
    for (int64_t t = begin; t < end; ++t) {
      to_.offsets(first + t, pixels);
      o.m = sums + (t - begin) * columns_;
      a_.transforms->output(o);
    }
  }

  static constexpr int64_t kTilesOfAThread = 56, kFewTiles = 24, kFewWeights = 4 << 20;  // bytes

  const std::string name_;
  const WinogradAlgorithm a_;
  const bool turned_;
  const int64_t in_, out_, columns_;
  const WinogradTiles from_, to_;
  Tensor weights_;
  const std::vector<float> zeros_;  // a pixel outside of the picture, in either dtype
  const int threads_ = threads();
  int64_t chunk_ = 0, groups_ = 0, group_tiles_ = 0;  // tiles a chunk; parts of a chunk that are multiplied apart
  int64_t row_ = 0, plane_ = 0, sums_plane_ = 0;
};

}  // namespace

std::unique_ptr<ConvPass> make_winograd(const ConvCase& c, const WinogradAlgorithm& a, std::string name) {
  return std::make_unique<WinogradConv>(c, a, std::move(name));
}

}  // namespace resnet
