// Winograd's convolution, weight gradient: tiles of x and of dy are transformed, multiplied position by position and summed
// over all tiles; a transform of the sums gives dw.
#include <algorithm>
#include <cstring>
#include <vector>

#include "core/check.h"
#include "core/parallel.h"
#include "ops/cpu/conv_ahead.h"
#include "ops/cpu/conv_winograd.h"
#include "ops/cpu/elementwise.h"
#include "ops/cpu/parallel_elements.h"

namespace resnet {

namespace {

constexpr WinogradTile kNoTile = {{kOutside, kOutside, kOutside, kOutside, kOutside, kOutside}, {}};

class WinogradWeightGradient final : public ConvPass {
 public:
  WinogradWeightGradient(const ConvCase& c, const WinogradAlgorithm& a, std::string name)
      : name_(std::move(name)),
        a_(a),
        s_(c.shape),
        ranges_(c.ranges),
        x_(s_.n, s_.h, s_.w, s_.c, ceil_div(s_.ow, a.m()), ceil_div(s_.oh, a.m()), a.m(), a.m() + 2, s_.pad),
        dy_(s_.n, s_.oh, s_.ow, s_.oc, ceil_div(s_.ow, a.m()), ceil_div(s_.oh, a.m()), a.m(), a.m(), 0) {
    const int64_t all = x_.count();
    sums_plane_ = s_.c * s_.oc + 16;
    apart_ = ranges_ || a.positions() * sums_plane_ * static_cast<int64_t>(sizeof(float)) <= kSumsInCache;
    parts_ = apart_ ? std::min<int64_t>(threads_, all) : 1;
    const int64_t wanted = apart_ ? kElementsApart * a.products->packed : kTilesTogether;
    chunk_ = ranges_ ? wanted : chunk_of(ceil_div(all, parts_), wanted);
    rows_ = chunk_ / a.products->packed;
    x_row_ = s_.c + 16;
    dy_row_ = s_.oc + 16;
    x_plane_ = rows_ * x_row_ + 16;
    dy_plane_ = rows_ * dy_row_ + 16;
  }

  std::string name() const override { return name_; }
  size_t workspace_bytes() const override {
    return static_cast<size_t>((ranges_ ? threads_ : parts_) * part_elements()) * sizeof(float);
  }

  void run(const ConvArgs& args) override {
    check_planned_threads(name_, threads_);
    apart_ ? sum_apart(args) : sum_together(args);
  }

  void run_range(const ConvArgs& args, int64_t /*first*/, int64_t count, int thread, bool fresh) override {
    add_tiles(args, part(args, thread), 0, count * (x_.count() / s_.n), fresh);
  }
  void finish_ranges(const ConvArgs& args, int64_t ranges) override {
    std::vector<Part> parts;
    for (const int t : threads_with_part(ranges)) parts.push_back(part(args, t));
    add_up(args, parts);
  }

 private:
  struct Part {
    float* sums;
    float *x, *dy;  // transformed tiles of a chunk, in the 32-bit elements of the products
    float* dw;      // what the sums are transformed to, where threads sum apart
  };

  // Few weights: each thread has sums of its own.
  void sum_apart(const ConvArgs& args) const {
    const int64_t all = x_.count();
    parallel_for(parts_, [&](int64_t begin, int64_t end, int) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t first = all * i / parts_;
        add_tiles(args, part(args, i), first, all * (i + 1) / parts_ - first, true);
      }
    });
    std::vector<Part> parts;
    for (int64_t i = 0; i < parts_; ++i) parts.push_back(part(args, i));
    add_up(args, parts);
  }

  // Tiles for a chunk, so that `tiles` are cut evenly.
  int64_t chunk_of(int64_t tiles, int64_t most) const {
    return round_up(ceil_div(tiles, ceil_div(tiles, most)), a_.products->packed);
  }

  // `count` tiles by one thread; its sums begin with them if `fresh`.
  void add_tiles(const ConvArgs& args, const Part& p, int64_t first, int64_t count, bool fresh) const {
    if (count == 0) return;
    const int64_t step = chunk_of(count, chunk_);
    for (int64_t at = 0; at < count; at += step) {
      const int64_t tiles = std::min(step, count - at);
      transform(args, p, first + at, tiles, 0, rows_of(tiles));
      if (args.ahead) args.ahead->fetch(kFetched);
      accumulate(p, tiles, fresh && at == 0, 0, a_.positions());
      if (args.ahead) args.ahead->fetch(kFetched);
    }
  }

  // Each thread transforms its own sums: the gradients are a part of their size, and only those go from core to core.
  void add_up(const ConvArgs& args, const std::vector<Part>& parts) const {
    if (parts.size() == 1) return write(parts[0].sums, 0, s_.oc / 16, args.dw);
    parallel_for(static_cast<int64_t>(parts.size()), [&](int64_t begin, int64_t end, int) {
      for (int64_t i = begin; i < end; ++i)
        write(parts[static_cast<size_t>(i)].sums, 0, s_.oc / 16, parts[static_cast<size_t>(i)].dw);
    });
    parallel_elements(dw_elements(), [&](int64_t first, int64_t n) {
      for (size_t i = 1; i < parts.size(); ++i)
        elementwise().add_f32((i == 1 ? parts[0].dw : args.dw) + first, parts[i].dw + first, args.dw + first, n);
    });
  }

  // The gradients of the blocks [begin, end) of sixteen outputs.
  void write(const float* sums, int64_t begin, int64_t end, float* dw) const {
    WinogradWeights to;
    to.w = dw;
    to.out_step = s_.c * 9;
    to.in_step = 9;
    for (int64_t o = begin * 16; o < end * 16; o += 16)
      a_.transforms->weight_gradient(sums, sums_plane_, s_.oc, o, s_.c, to);
  }

  // Many weights: each thread has some positions of the tile, for which it sums over all tiles.
  void sum_together(const ConvArgs& args) const {
    const Part p = part(args, 0);
    const int64_t all = x_.count();
    for (int64_t first = 0; first < all; first += chunk_) {
      const int64_t tiles = std::min(chunk_, all - first);
      parallel_for(rows_of(tiles),
                   [&](int64_t begin, int64_t end, int) { transform(args, p, first, tiles, begin, end); });
      parallel_for(a_.positions(),
                   [&](int64_t begin, int64_t end, int) { accumulate(p, tiles, first == 0, begin, end); });
    }
    parallel_for(s_.oc / 16, [&](int64_t begin, int64_t end, int) { write(p.sums, begin, end, args.dw); });
  }

  // As many tiles as the products take at once are a row.
  int64_t rows_of(int64_t tiles) const { return ceil_div(tiles, a_.products->packed); }

  // The rows [begin, end) of a chunk of `tiles` tiles from tile `first` on.
  void transform(const ConvArgs& args, const Part& p, int64_t first, int64_t tiles, int64_t begin, int64_t end) const {
    const int64_t packed = a_.products->packed;
    const int64_t from = first + begin * packed, to = first + std::min(end * packed, tiles);
    transform_side(x_, args.x, s_.c, from, to, p.x + begin * x_row_, x_row_, x_plane_, a_.transforms->input_pair);
    transform_side(dy_, args.dy, s_.oc, from, to, p.dy + begin * dy_row_, dy_row_, dy_plane_,
                   a_.transforms->gradient_pair);
  }

  // The tiles [from, to), `packed` of them a row; one that is missing in the last row is zero.
  template <class Transform>
  void transform_side(const WinogradTiles& tiles, const void* base, int64_t channels, int64_t from, int64_t to,
                      float* rows, int64_t row, int64_t plane, Transform transform) const {
    const int64_t packed = a_.products->packed;
    WinogradInput x[2];
    tiles.for_each(from, to, [&](int64_t t, const WinogradTile& tile, const WinogradTile& last) {
      const int64_t i = (t - from) % packed;
      if (i == 0 && packed == 2 && t + 1 < to) return;
      x[i] = {base, &tile};
      if (i == 1) x[0] = {base, &last};
      if (i == 0) x[1] = {base, &kNoTile};
      transform(x, channels, rows + (t - from) / packed * row, plane);
    });
  }

  void accumulate(const Part& p, int64_t tiles, bool fresh, int64_t begin, int64_t end) const {
    for (int64_t i = begin; i < end; ++i)
      a_.products->accumulate(p.x + i * x_plane_, x_row_, s_.c, p.dy + i * dy_plane_, dy_row_, s_.oc, rows_of(tiles),
                              fresh, p.sums + i * sums_plane_, s_.oc);
  }

  int64_t dw_elements() const { return s_.oc * s_.c * 9; }
  int64_t part_elements() const {
    return a_.positions() * (sums_plane_ + x_plane_ + dy_plane_) + (apart_ ? dw_elements() : 0) + kThreadGap / 4;
  }
  Part part(const ConvArgs& args, int64_t i) const {
    float* p = static_cast<float*>(args.workspace) + i * part_elements();
    float* x = p + a_.positions() * sums_plane_;
    float* dy = x + a_.positions() * x_plane_;
    return {p, x, dy, dy + a_.positions() * dy_plane_};
  }

  static constexpr int64_t kSumsInCache = 4 << 20, kElementsApart = 56, kTilesTogether = 128;  // bytes; of a chunk
  static constexpr int64_t kFetched = 512;                                                     // lines for half a chunk

  const std::string name_;
  const WinogradAlgorithm a_;
  const ConvShape s_;
  const bool ranges_;  // every thread may have a part
  const WinogradTiles x_, dy_;
  const int threads_ = threads();
  bool apart_ = false;
  int64_t parts_ = 1, chunk_ = 0, rows_ = 0;
  int64_t x_row_ = 0, dy_row_ = 0, x_plane_ = 0, dy_plane_ = 0, sums_plane_ = 0;
};

}  // namespace

std::unique_ptr<ConvPass> make_winograd_weight_gradient(const ConvCase& c, const WinogradAlgorithm& a,
                                                        std::string name) {
  return std::make_unique<WinogradWeightGradient>(c, a, std::move(name));
}

}  // namespace resnet
