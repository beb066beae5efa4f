// Winograd's convolution, forward and data gradient (which is a forward with turned weights): the inputs of some tiles are
// transformed, multiplied position by position with the transformed weights, and transformed back with bias, addend and ReLU.
#include "ops/cpu/conv_winograd.h"

#include <algorithm>

#include "core/check.h"
#include "core/cpu.h"
#include "core/parallel.h"
#include "ops/cpu/batch_norm_sums.h"
#include "ops/cpu/conv_ahead.h"
#include "ops/cpu/packed_storage.h"

namespace resnet {

namespace {

class WinogradConv final : public ConvPass {
 public:
  WinogradConv(const ConvCase& c, const WinogradAlgorithm& a, std::string name)
      : name_(std::move(name)),
        a_(a),
        turned_(c.pass == ConvPassKind::data_gradient),
        ranges_(c.ranges),
        in_(turned_ ? c.shape.oc : c.shape.c),
        out_(turned_ ? c.shape.c : c.shape.oc),
        columns_(out_ % a.products->columns == 0 ? a.products->columns : 16),
        from_(input_tiles(c.shape, a.m(), turned_)),
        to_(output_tiles(c.shape, a.m(), turned_)),
        weights_bytes_(a.positions() * in_ * out_ * a.element()),
        keeps_weights_(!c.train || c.ranges),
        picture_(from_.count() / c.shape.n) {
    if (keeps_weights_) weights_ = packed_storage({weights_bytes_}, DType::u8);
    plan_chunks();
  }

  std::string name() const override { return name_; }
  size_t workspace_bytes() const override {
    return weights_in_workspace() + static_cast<size_t>(threads_) * thread_bytes() +
           (by_tiles_ ? 0 : transformed_bytes());
  }

  // In training, weights are used once until they change: run() transforms them. Ranges use them often.
  void pack(const float* w) override {
    w_ = w;
    if (keeps_weights_) transform_weights(static_cast<uint8_t*>(weights_.raw()));
  }

  void run(const ConvArgs& args) override {
    check_planned_threads(name_, threads_);
    if (!keeps_weights_) transform_weights(packed(args));
    const int64_t all = from_.count(), blocks = out_ / columns_;
    if (by_tiles_) {
      parallel_for(threads_, [&](int64_t begin, int64_t end, int thread) {
        const int64_t first = all * begin / threads_;
        run_tiles(args, first, first, all * end / threads_ - first, thread);
      });
      return;
    }
    for (int64_t first = 0; first < all; first += chunk_) {
      Chunk c{first, first, std::min(chunk_, all - first), transformed(args, 0), nullptr, 0};
      parallel_for(c.tiles, [&](int64_t begin, int64_t end, int) { transform(args, c, begin, end); });
      parallel_for(blocks, [&](int64_t begin, int64_t end, int thread) {
        Chunk part = c;
        part.sums = sums(args, thread);
        part.thread = thread;
        for (int64_t block = begin; block < end; ++block)
          for (int64_t tile = 0; tile < c.tiles; tile += together_)
            multiply(args, part, tile, std::min(together_, c.tiles - tile), block);
      });
    }
  }
  void run_range(const ConvArgs& args, int64_t first, int64_t count, int thread, bool /*fresh*/) override {
    run_tiles(args, 0, first * picture_, count * picture_, thread);
  }

 private:
  // `count` tiles, of what is read and of what is written from these on, by one thread.
  void run_tiles(const ConvArgs& args, int64_t from, int64_t to, int64_t count, int thread) const {
    if (count == 0) return;
    const int64_t step = ceil_div(count, ceil_div(count, chunk_));
    for (int64_t first = 0; first < count; first += step) {
      const Chunk c{from + first,       to + first, std::min(step, count - first), transformed(args, thread),
                    sums(args, thread), thread};
      transform(args, c, 0, c.tiles);
      for (int64_t tile = 0; tile < c.tiles; tile += together_)
        for (int64_t block = 0; block < out_ / columns_; ++block) {
          multiply(args, c, tile, std::min(together_, c.tiles - tile), block);
          if (args.ahead) args.ahead->fetch(kFetched);
        }
    }
  }

  void transform_weights(uint8_t* to) const {
    // The packed weights are [out/columns][position][in][columns].
    const int64_t plane = in_ * columns_, block = a_.positions() * plane;
    WinogradWeights from;
    from.w = const_cast<float*>(w_);
    from.out_step = turned_ ? 9 : in_ * 9;
    from.in_step = turned_ ? out_ * 9 : 9;
    from.turned = turned_;
    parallel_for(out_ / 16, [&](int64_t begin, int64_t end, int) {
      for (int64_t o = begin * 16; o < end * 16; o += 16) {
        // bf16 weights come in pairs, so sixteen outputs are twice as wide there.
        const int64_t lane = o % columns_ * a_.products->packed;
        a_.transforms->weights(from, o, in_, to + (o / columns_ * block + lane) * a_.element(), plane, columns_);
      }
    });
  }

  /// Tiles that are transformed at a time, and where their transforms and a block of their sums are.
  struct Chunk {
    int64_t from, to, tiles;  // the first that is read, and written
    uint8_t* transformed;
    float* sums;
    int thread;
  };

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
    const int64_t all = from_.count();
    by_tiles_ = ranges_ || all >= kFewTiles * threads_ || weights_bytes_ <= kFewWeights;
    const int64_t share = by_tiles_ ? ceil_div(all, threads_) : all, most = kChunk * (by_tiles_ ? 1 : threads_);
    chunk_ = ranges_ ? kChunk : ceil_div(share, ceil_div(share, most));
    // Sums of a few tiles stay in the first-level cache until they are transformed back. With many inputs it is better to keep
    // a position's weights there.
    const int64_t block_bytes = a_.positions() * in_ * columns_ * a_.element();
    together_ = block_bytes <= kBlockInCache ? a_.products->rows : chunk_;
    // Sixteen more than needed, so that neither rows nor planes are a power of two apart.
    row_ = in_ + 16;
    plane_ = chunk_ * row_ + 16;
    sums_plane_ = std::min(together_, chunk_) * columns_ + 16;
  }

  // The workspace: transformed weights that are not kept; each thread's part; transformed tiles that all share.
  size_t weights_in_workspace() const { return keeps_weights_ ? 0 : static_cast<size_t>(round_up(weights_bytes_, 64)); }
  uint8_t* packed(const ConvArgs& args) const {
    return static_cast<uint8_t*>(keeps_weights_ ? weights_.raw() : args.workspace);
  }
  uint8_t* thread_part(const ConvArgs& args, int thread) const {
    return static_cast<uint8_t*>(args.workspace) + weights_in_workspace() +
           static_cast<size_t>(thread) * thread_bytes();
  }
  size_t transformed_bytes() const { return static_cast<size_t>(a_.positions() * plane_ * a_.element()); }
  size_t sums_bytes() const { return static_cast<size_t>(a_.positions() * sums_plane_) * sizeof(float); }
  size_t thread_bytes() const { return sums_bytes() + (by_tiles_ ? transformed_bytes() : 0) + kThreadGap; }
  float* sums(const ConvArgs& args, int thread) const { return reinterpret_cast<float*>(thread_part(args, thread)); }
  uint8_t* transformed(const ConvArgs& args, int thread) const {
    return by_tiles_ ? thread_part(args, thread) + sums_bytes() : thread_part(args, threads_);
  }

  // The tiles [begin, end) of a chunk.
  void transform(const ConvArgs& args, const Chunk& c, int64_t begin, int64_t end) const {
    WinogradInput x{turned_ ? args.dy : args.x, nullptr};
    from_.for_each(c.from + begin, c.from + end, [&](int64_t t, const WinogradTile& tile, const WinogradTile&) {
      x.tile = &tile;
      a_.transforms->input(x, in_, c.transformed + (t - c.from) * row_ * a_.element(), plane_);
    });
  }

  // The tiles [first, first + count) of a chunk, one block of output channels.
  void multiply(const ConvArgs& args, const Chunk& c, int64_t first, int64_t count, int64_t block) const {
    const int64_t plane = in_ * columns_;
    for (int64_t p = 0; p < a_.positions(); ++p)
      a_.products->multiply(c.transformed + (p * plane_ + first * row_) * a_.element(), row_ / a_.products->packed,
                            count, packed(args) + (block * a_.positions() + p) * plane * a_.element(),
                            in_ / a_.products->packed, columns_, c.sums + p * sums_plane_);
    WinogradOutput o;
    o.plane = sums_plane_;
    o.channels = columns_;
    o.relu = args.relu;
    o.bias = args.bias ? args.bias + block * columns_ : nullptr;
    const size_t channel = static_cast<size_t>(block * columns_) * size_of(a_.dtype);
    o.y = static_cast<uint8_t*>(turned_ ? args.dx : args.y) + channel;
    const void* addend = turned_ ? (args.accumulate ? args.dx : nullptr) : args.addend;
    if (addend) o.addend = static_cast<const uint8_t*>(addend) + channel;
    alignas(64) float totals[2 * kMostColumns] = {};
    if (args.sums) add_to(o, totals, *args.sums, block * columns_);
    to_.for_each(c.to + first, c.to + first + count, [&](int64_t t, const WinogradTile& tile, const WinogradTile&) {
      o.tile = &tile;
      o.m = c.sums + (t - c.to - first) * columns_;
      a_.transforms->output(o);
    });
    if (args.sums == nullptr) return;
    double* sums = args.sums->sums + c.thread * sums_of_thread(out_) + block * columns_;
    for (int64_t i = 0; i < columns_; ++i) {
      sums[i] += totals[i];
      sums[out_ + i] += totals[columns_ + i];
    }
  }

  // Lets outputs from `channel` on be added up, as the batch norm there wants it.
  static void add_to(WinogradOutput& o, float* totals, const OutputSums& sums, int64_t channel) {
    o.sums = totals;
    if (sums.x) o.gate = static_cast<const uint16_t*>(sums.x) + channel;
    if (sums.mask) o.mask = sums.mask + channel / 16;
    if (sums.scale == nullptr) return;
    o.scale = sums.scale + channel;
    o.shift = sums.shift + channel;
  }

  static constexpr int64_t kChunk = 56, kFewTiles = 24;                       // tiles
  static constexpr int64_t kFetched = 64;                                     // lines for a block
  static constexpr int64_t kMostColumns = 32;                                 // of a block
  static constexpr int64_t kFewWeights = 4 << 20, kBlockInCache = 192 << 10;  // bytes

  const std::string name_;
  const WinogradAlgorithm a_;
  const bool turned_, ranges_;
  const int64_t in_, out_, columns_;
  const WinogradTiles from_, to_;
  const int64_t weights_bytes_;  // transformed
  const bool keeps_weights_;
  const int64_t picture_;  // tiles
  const float* w_ = nullptr;
  Tensor weights_;
  const int threads_ = threads();
  bool by_tiles_ = false;             // every thread has tiles of its own, else output channels
  int64_t chunk_ = 0, together_ = 0;  // tiles transformed, and multiplied, at a time
  int64_t row_ = 0, plane_ = 0, sums_plane_ = 0;
};

}  // namespace

std::unique_ptr<ConvPass> make_winograd(const ConvCase& c, const WinogradAlgorithm& a, std::string name) {
  return std::make_unique<WinogradConv>(c, a, std::move(name));
}

}  // namespace resnet
