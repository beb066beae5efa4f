#include "ops/cpu/conv_own_dw.h"

#include <algorithm>
#include <cstring>

#include "core/parallel.h"
#include "ops/cpu/conv_ahead.h"
#include "ops/cpu/conv_own_pack.h"

namespace resnet {

namespace {

constexpr int64_t kPairs = 16;   // of a K block
constexpr int64_t kPixel = 32;   // elements of 16 channels of two pictures
constexpr int64_t kMaxTaps = 9;  // kernel positions, but for flat ones
constexpr int64_t kCacheBytes = 768 * 1024;

}  // namespace

// What one thread works on: a chunk (groups or rows) of a range of channel blocks of both sides.
struct WeightGradient::Item {
  const uint16_t* row_side;
  const uint16_t* column_side;
  int64_t n;                             // pictures
  int64_t group0, groups, y0, y1;        // of the chunk
  int64_t row0, row1, column0, column1;  // channel blocks
  bool first;                            // the sums are not set yet
  Ahead* ahead;                          // fetched meanwhile, or null
  uint16_t* columns;
  uint16_t* rows;
  float* sums;  // [row block][column block][tile][16][16]
};

WeightGradient::WeightGradient(const ConvShape& given, bool ranged) {
  const ConvShape s = is_pixelwise(given) ? as_pixels(given) : given;
  pictures_each_ = s.n / given.n;
  n_ = s.n, k_ = s.k, pad_ = s.pad, oh_ = s.oh, ow_ = s.ow;
  rows_ = {s.oh, s.ow, s.oc, 1};
  columns_ = {s.h, s.w, s.c, s.stride};
  swapped_ = k_ == 1 && pad_ == 0 && s.c % 16 == 0 && s.c < s.oc;
  if (swapped_) std::swap(rows_, columns_);
  flat_ = columns_.c % 16 != 0;
  pixels_ = is_pixelwise(given) && !flat_;
  threads_ = threads();
  row_blocks_ = rows_.c / 16;
  column_blocks_ = flat_ ? 1 : columns_.c / 16;
  block_tiles_ = flat_ ? k_ * ceil_div(k_ * columns_.c, 16) : k_ * k_;
  choose_split(ranged);
  choose_chunks();
  plan_steps();
}

void WeightGradient::choose_split(bool ranged) {
  const int64_t sums = row_blocks_ * column_blocks_ * block_tiles_ * kResultElements * 4;
  // Channels are shared out where every thread's own copy of the sums would be large. The other side is then packed by
  // every thread; packing rows is about three times the work of packing columns.
  if (!flat_ && !ranged && sums > 640 * 1024 && threads_ > 1)
    split_ = rows_.c * 3 > columns_.c ? Split::rows : Split::columns;
  thread_row_blocks_ = split_ == Split::rows ? ceil_div(row_blocks_, threads_) : row_blocks_;
  thread_column_blocks_ = split_ == Split::columns ? ceil_div(column_blocks_, threads_) : column_blocks_;
}

// Packed bytes for an output row of a group.
size_t WeightGradient::bytes_of_row(int64_t row_blocks, int64_t column_blocks) const {
  const int64_t columns = flat_ ? line_ : line_ * column_blocks;
  return static_cast<size_t>(2 * (columns * columns_.step + row_blocks * k_row_ * kTileElements));
}

void WeightGradient::choose_chunks() {
  const int64_t pairs = ceil_div(n_, 2);
  if (flat_) {
    group_ = 1;
  } else if (oh_ == 1 && ow_ == 1) {
    group_ = 64;
  } else {
    while (group_ < 16 && ow_ * group_ * 100 < round_up(ow_ * group_, kPairs) * 95) group_ *= 2;
  }
  group_ = std::min(group_, pairs);
  groups_ = ceil_div(pairs, group_);
  k_row_ = ceil_div(ow_ * group_, kPairs);
  phase_cols_ = ceil_div((ow_ - 1) * columns_.step + k_, columns_.step);
  window_cols_ = phase_cols_ * columns_.step;
  line_ = flat_ ? window_cols_ * columns_.c * 2 : phase_cols_ * std::min(columns_.step, k_) * group_ * kPixel;
  const int64_t fit =
      std::max<int64_t>(1, kCacheBytes / static_cast<int64_t>(bytes_of_row(thread_row_blocks_, thread_column_blocks_)));
  const int64_t parts = split_ == Split::pictures ? threads_ : 1;
  if (fit >= oh_ && groups_ >= parts) {
    chunk_rows_ = oh_;
    const int64_t rounds = ceil_div(groups_, parts * (fit / oh_));
    chunk_groups_ = ceil_div(groups_, parts * rounds);
  } else {
    chunk_rows_ = std::min(fit, ceil_div(oh_, groups_ >= parts ? 1 : parts));
  }
  row_chunks_ = ceil_div(oh_, chunk_rows_);
  chunks_ = ceil_div(groups_, chunk_groups_) * row_chunks_;
}

void WeightGradient::plan_steps() {
  const int64_t lines = (chunk_rows_ - 1) * columns_.step + k_;
  slot_ = lines * line_;
  plane_ = slot_ * chunk_groups_;
  if (k_row_ * kPairs == ow_ * group_ && !flat_)
    plane_ += kPixel;  // not a multiple of 4 KiB, whose lines would meet in the cache
  for (int64_t ky = 0; ky < k_; ++ky) {
    if (flat_)
      for (int64_t j = 0; j < k_ * columns_.c; j += 16) tile_offset_.push_back(ky * line_ + 2 * j);
    else
      for (int64_t kx = 0; kx < k_; ++kx)
        tile_offset_.push_back(ky * line_ + (kx % columns_.step * phase_cols_ + kx / columns_.step) * group_ * kPixel);
  }
  const int64_t entry = flat_ ? columns_.step * columns_.c * 2 : kPixel;
  for (int64_t g = 0; g < chunk_groups_; ++g)
    for (int64_t y = 0; y < chunk_rows_; ++y)
      for (int64_t k = 0; k < k_row_; ++k) {
        a_step_.push_back(static_cast<int64_t>(a_step_.size()) * kTileElements);
        b_step_.push_back(g * slot_ + y * columns_.step * line_ + k * kPairs * entry);
      }
  const int64_t planes = flat_ ? 1 : thread_column_blocks_;
  columns_bytes_ = static_cast<size_t>(round_up((planes * plane_ + kPairs * entry + 64) * 2, 64));
  rows_bytes_ = static_cast<size_t>(thread_row_blocks_) * a_step_.size() * kTileElements * 2;
  sums_bytes_ = static_cast<size_t>(thread_row_blocks_ * thread_column_blocks_ * block_tiles_ * kResultElements) * 4;
  thread_floats_ = (static_cast<int64_t>(columns_bytes_ + rows_bytes_ + sums_bytes_) + kThreadGap) / 4;
}

size_t WeightGradient::workspace_bytes() const { return static_cast<size_t>(thread_floats_ * 4 * threads_); }

WeightGradient::Item WeightGradient::item_of(const uint16_t* x, const uint16_t* dy, int thread, void* workspace) const {
  Item item{};
  item.row_side = swapped_ ? x : dy;
  item.column_side = swapped_ ? dy : x;
  item.n = n_;
  item.row1 = row_blocks_;
  item.column1 = column_blocks_;
  item.first = true;
  item.sums = static_cast<float*>(workspace) + thread * thread_floats_;
  item.columns = reinterpret_cast<uint16_t*>(item.sums) + sums_bytes_ / 2;
  item.rows = item.columns + columns_bytes_ / 2;
  return item;
}

void WeightGradient::run(const GemmIsa& isa, const uint16_t* x, const uint16_t* dy, float* dw, void* workspace) const {
  const int64_t shared = split_ == Split::pictures ? chunks_ : split_ == Split::rows ? row_blocks_ : column_blocks_;
  parallel_for(shared, [&](int64_t begin, int64_t end, int thread) {
    Item item = item_of(x, dy, thread, workspace);
    if (split_ == Split::rows) item.row0 = begin, item.row1 = end;
    if (split_ == Split::columns) item.column0 = begin, item.column1 = end;
    isa.begin();
    run_chunks(isa, item, split_ == Split::pictures ? begin : 0, split_ == Split::pictures ? end : chunks_);
    isa.end();
    if (split_ == Split::pictures) return;
    for (int64_t r = item.row0; r < item.row1; ++r) store(item, r, {0}, dw);
  });
  if (split_ != Split::pictures) return;
  finish_ranges(chunks_, dw, workspace);
}

void WeightGradient::run_range(const GemmIsa& isa, const uint16_t* x, const uint16_t* dy, int64_t count, int thread,
                               bool fresh, Ahead* ahead, void* workspace) const {
  Item item = item_of(x, dy, thread, workspace);
  item.n = count;
  item.first = fresh;
  item.ahead = ahead;
  isa.begin();
  run_chunks(isa, item, 0, ceil_div(ceil_div(ceil_div(count, 2), group_), chunk_groups_) * row_chunks_);
  isa.end();
}

// Floats from the first thread's sums to those of every thread that had some of the chunks.
std::vector<int64_t> WeightGradient::parts_of(int64_t chunks) const {
  std::vector<int64_t> parts;
  for (const int t : threads_with_part(chunks)) parts.push_back(t * thread_floats_);
  return parts;
}

void WeightGradient::finish_ranges(int64_t ranges, float* dw, void* workspace) const {
  const std::vector<int64_t> parts = parts_of(ranges);
  const Item first = item_of(nullptr, nullptr, 0, workspace);
  parallel_for(row_blocks_, [&](int64_t begin, int64_t end, int) {
    for (int64_t r = begin; r < end; ++r) store(first, r, parts, dw);
  });
}

void WeightGradient::run_chunks(const GemmIsa& isa, Item& item, int64_t begin, int64_t end) const {
  const int64_t groups = ceil_div(ceil_div(item.n, 2), group_);
  for (int64_t i = begin; i < end; ++i) {
    item.group0 = i / row_chunks_ * chunk_groups_;
    item.groups = std::min(chunk_groups_, groups - item.group0);
    item.y0 = i % row_chunks_ * chunk_rows_;
    item.y1 = std::min(item.y0 + chunk_rows_, oh_);
    for (int64_t slot = 0; slot < item.groups; ++slot) {
      load_columns(item, slot);
      load_rows(item, slot);
    }
    multiply(isa, item);
    item.first = false;
  }
}

// load_columns() where a picture is a pixel: pairs of neighbours.
void WeightGradient::load_pixels(const Item& item, int64_t slot) const {
  const int64_t first = 2 * (item.group0 + slot) * group_, c = columns_.c;
  const int64_t count = std::clamp<int64_t>(item.n - first, 0, 2 * group_);
  PixelRun run;
  run.step = 2 * c;
  run.blocks = item.column1 - item.column0;
  run.out = item.columns + slot * slot_;
  run.out_step = kPixel;
  run.out_block = plane_;
  const auto pairs = [&](const uint16_t* x, const uint16_t* x2, int64_t n) {
    run.x = x;
    run.x2 = x2;
    run.count = n;
    interleave_pixels(run);
    run.out += n * run.out_step;
  };
  const uint16_t* x = item.column_side + first * c + item.column0 * 16;
  pairs(x, x + c, count / 2);
  pairs(x + count / 2 * run.step, nullptr, count % 2);
  pairs(nullptr, nullptr, group_ - ceil_div(count, 2));
}

// Packs the window of a group: lines y0·step - pad … of all its pictures, with zeros outside of them.
void WeightGradient::load_columns(const Item& item, int64_t slot) const {
  const int64_t picture = columns_.h * columns_.w * columns_.c;
  const int64_t lines = (item.y1 - item.y0 - 1) * columns_.step + k_;
  // The last K block of a row may reach behind it; it meets zeros of the other side there, and must not meet a NaN.
  const bool tail = k_row_ * kPairs != ow_ * group_ || flat_;
  if (pixels_) load_pixels(item, slot);
  for (int64_t line = 0; line < lines && !pixels_; ++line) {
    const int64_t y = item.y0 * columns_.step - pad_ + line;
    const bool used = line % columns_.step < k_;
    if (!used && !tail) continue;
    for (int64_t g = 0; g < group_; ++g) {
      const int64_t n = 2 * ((item.group0 + slot) * group_ + g);
      const bool inside = used && y >= 0 && y < columns_.h;
      const uint16_t* x = inside && n < item.n ? item.column_side + n * picture + y * columns_.w * columns_.c : nullptr;
      const uint16_t* x2 = x && n + 1 < item.n ? x + picture : nullptr;
      load_line(item, x, x2, item.columns + slot * slot_ + line * line_ + (flat_ ? 0 : g * kPixel));
    }
  }
  if (!tail) return;
  uint16_t* out = item.columns + slot * slot_ + lines * line_;
  const int64_t blocks = flat_ ? 1 : item.column1 - item.column0;
  const int64_t reach = kPairs * (flat_ ? columns_.step * columns_.c * 2 : kPixel) + 32;
  for (int64_t b = 0; b < blocks; ++b) {
    const bool room =
        b + 1 == blocks || slot + 1 < chunk_groups_;  // else the next block follows, which is packed already
    std::memset(out + b * plane_, 0, static_cast<size_t>(room ? reach : std::min(reach, slot_ - lines * line_)) * 2);
  }
}

void WeightGradient::load_line(const Item& item, const uint16_t* x, const uint16_t* x2, uint16_t* out) const {
  // Window columns [left, right) lie in the picture.
  const int64_t left = std::min(pad_, window_cols_);
  const int64_t right = x ? std::clamp<int64_t>(columns_.w + pad_, left, window_cols_) : left;
  if (flat_) {
    const int64_t c = columns_.c;
    interleave(nullptr, nullptr, left * c, out);
    if (right > left) interleave(x, x2, (right - left) * c, out + left * c * 2);
    interleave(nullptr, nullptr, (window_cols_ - right) * c, out + right * c * 2);
    return;
  }
  for (int64_t phase = 0; phase < std::min(columns_.step, k_); ++phase) {
    const auto part = [&](int64_t from, int64_t to, bool inside) {
      from += (phase - from % columns_.step + columns_.step) % columns_.step;
      if (from >= to) return;
      const int64_t at = (from - pad_) * columns_.c + item.column0 * 16;
      PixelRun run;
      run.x = inside ? x + at : nullptr;
      run.x2 = inside && x2 ? x2 + at : nullptr;
      run.step = columns_.step * columns_.c;
      run.count = ceil_div(to - from, columns_.step);
      run.blocks = item.column1 - item.column0;
      run.out = out + (phase * phase_cols_ + from / columns_.step) * group_ * kPixel;
      run.out_step = group_ * kPixel;
      run.out_block = plane_;
      interleave_pixels(run);
    };
    part(0, left, false);
    part(left, right, true);
    part(right, window_cols_, false);
  }
}

// Packs the row side of a group, transposed: [channel block][K block][16 channels][16 pixels][2].
void WeightGradient::load_rows(const Item& item, int64_t slot) const {
  const int64_t picture = rows_.h * rows_.w * rows_.c;
  const int64_t first = 2 * (item.group0 + slot) * group_;
  const int64_t k_all = static_cast<int64_t>(a_step_.size());
  int64_t k = slot * chunk_rows_ * k_row_;
  for (int64_t y = item.y0; y < item.y1; ++y) {
    const uint16_t* line = item.row_side + first * picture + y * rows_.w * rows_.step * rows_.c + item.row0 * 16;
    const uint16_t* at = line;
    int64_t column = 0, n = first;
    for (const int64_t end = k + k_row_; k < end; ++k) {
      const uint16_t *x[kPairs], *x2[kPairs];
      for (int64_t i = 0; i < kPairs; ++i) {
        x[i] = column < ow_ && n < item.n ? at : nullptr;
        x2[i] = column < ow_ && n + 1 < item.n ? at + picture : nullptr;
        n += 2, at += 2 * picture;
        if (n < first + 2 * group_) continue;
        n = first, ++column;
        at = line + column * rows_.step * rows_.c;
      }
      transpose_pairs(x, x2, item.row1 - item.row0, item.rows + k * kTileElements, k_all * kTileElements);
    }
  }
}

void WeightGradient::multiply(const GemmIsa& isa, const Item& item) const {
  const int64_t rows = item.row1 - item.row0, tiles = (item.column1 - item.column0) * block_tiles_;
  const int64_t k_all = static_cast<int64_t>(a_step_.size());
  TileGemm gemm;
  gemm.k_blocks = ((item.groups - 1) * chunk_rows_ + item.y1 - item.y0) * k_row_;
  gemm.a_step = a_step_.data();
  gemm.b_step = b_step_.data();
  gemm.b_stride = flat_ ? columns_.step * columns_.c * 4 : kPixel * 2;
  gemm.c_stride = tiles * kResultElements;
  gemm.accumulate = !item.first;
  const int64_t strip = 2 * block_tiles_;  // the columns of two channel blocks stay in cache while all rows pass by
  for (int64_t s = 0; s < tiles; s += strip)
    for (int64_t i = 0; i < rows; i += gemm.m_tiles) {
      gemm.m_tiles = static_cast<int>(std::min<int64_t>(2, rows - i));
      for (int m = 0; m < gemm.m_tiles; ++m) gemm.a[m] = item.rows + (i + m) * k_all * kTileElements;
      const int64_t end = std::min(s + strip, tiles);
      for (int64_t j = s; j < end; j += gemm.n_tiles) {
        gemm.n_tiles = static_cast<int>(std::min<int64_t>(gemm.m_tiles == 2 ? 2 : 3, end - j));
        for (int n = 0; n < gemm.n_tiles; ++n)
          gemm.b[n] = item.columns + (j + n) / block_tiles_ * plane_ +
                      tile_offset_[static_cast<size_t>((j + n) % block_tiles_)];
        gemm.c = item.sums + (i * tiles + j) * kResultElements;
        isa.run(gemm);
        if (item.ahead) item.ahead->fetch(kLinesEachBlock * gemm.k_blocks);
      }
    }
}

// Adds up the threads' parts of a row of tiles and puts them where the weights lie.
void WeightGradient::store(const Item& item, int64_t row_block, const std::vector<int64_t>& parts, float* dw) const {
  if (flat_) return store_flat(item, row_block, parts, dw);
  alignas(64) float sum[kMaxTaps * kResultElements];
  const int64_t blocks = item.column1 - item.column0;
  for (int64_t b = 0; b < blocks; ++b) {
    for (int64_t t = 0; t < block_tiles_; ++t)
      add_tiles(item.sums + (((row_block - item.row0) * blocks + b) * block_tiles_ + t) * kResultElements, parts.data(),
                static_cast<int64_t>(parts.size()), sum + t * kResultElements);
    const int64_t column = (item.column0 + b) * 16;
    if (swapped_) {
      store_transposed(sum, dw + column * rows_.c + row_block * 16, rows_.c);
    } else {
      const int64_t row_step = columns_.c * block_tiles_;
      store_taps(sum, block_tiles_, dw + row_block * 16 * row_step + column * block_tiles_, row_step);
    }
  }
}

void WeightGradient::store_flat(const Item& item, int64_t row_block, const std::vector<int64_t>& parts,
                                float* dw) const {
  const int64_t c = columns_.c, tiles = block_tiles_ / k_;
  for (int64_t t = 0; t < block_tiles_; ++t)
    for (int64_t i = 0; i < kResultElements; ++i) {
      const int64_t at = t % tiles * 16 + i % 16, ky = t / tiles, kx = at / c;
      if (kx >= k_) continue;
      float sum = 0;
      for (const int64_t p : parts) sum += item.sums[p + (row_block * block_tiles_ + t) * kResultElements + i];
      dw[((row_block * 16 + i / 16) * c + at % c) * k_ * k_ + ky * k_ + kx] = sum;
    }
}

}  // namespace resnet
