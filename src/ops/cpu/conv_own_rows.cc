#include "ops/cpu/conv_own_rows.h"

#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "core/check.h"
#include "core/parallel.h"
#include "ops/cpu/conv_own_pack.h"

namespace resnet {

namespace {

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
int64_t round_up(int64_t a, int64_t b) { return ceil_div(a, b) * b; }

constexpr int64_t kK = 32;  // elements of the sum in a tile
constexpr int64_t kStripBytes = 48 * 1024;     // of packed weights
constexpr int64_t kSlab = 12;                   // K blocks of a slab
constexpr int kTogether = 4;                   // blocks of pixels that share a slab
constexpr int64_t kResultFloats = kTogether * kMaxTiles * kResultElements;
constexpr int64_t kStreamBytes = 1500 * 1024;  // of results, a thread

}  // namespace

bool is_pixelwise(const ConvShape& s) { return s.k == 1 && s.stride == 1 && s.pad == 0; }

ConvShape as_pixels(const ConvShape& s) { return {s.n * s.h * s.w, 1, 1, s.c, 1, 1, 0, 1, 1, s.oc}; }

// Fetches the source of the next item into the second-level cache, a few lines with every product of this one.
class RowConv::Ahead {
 public:
  void set(const uint16_t* x, int64_t elements, int64_t step, int64_t runs, int64_t products) {
    at_ = reinterpret_cast<const char*>(x);
    bytes_ = elements * 2;
    step_ = step * 2;
    runs_ = runs;
    done_ = 0;
    lines_ = ceil_div(ceil_div(bytes_, kLine) * runs, std::max<int64_t>(1, products));
  }
  void fetch() {
    for (int64_t i = 0; i < lines_ && runs_ > 0; ++i) {
      _mm_prefetch(at_ + done_, _MM_HINT_T1);
      done_ += kLine;
      if (done_ < bytes_) continue;
      done_ = 0;
      at_ += step_;
      --runs_;
    }
  }

 private:
  static constexpr int64_t kLine = 64;
  const char* at_ = nullptr;
  int64_t bytes_ = 0, step_ = 0, runs_ = 0, done_ = 0, lines_ = 0;
};

// What one thread works on: `pictures` pictures from `first` on (at most group_), output rows [row0, row1) of every phase.
struct RowConv::Item {
  const Buffers* b;
  const GemmIsa* isa;
  int64_t first, pictures, row0, row1;
  uint16_t* window;   // the scratch copy of the source
  int64_t* targets;   // [max_entries_] offset of an output pixel within its row
  float* results;     // [kResultFloats]
  Ahead* ahead;
};

RowConv::Axis RowConv::forward_axis(const ConvShape& s, int64_t count) {
  Axis a;
  for (int64_t t = 0; t < s.k; ++t) a.tap.push_back(t);
  a.source = -s.pad;
  a.count = count;
  return a;
}

// dx at i = stride·q + phase - pad sums dy at q - j with kernel position phase + stride·j.
std::vector<RowConv::Axis> RowConv::gradient_axes(const ConvShape& s, int64_t extent) {
  std::vector<Axis> axes;
  for (int64_t phase = 0; phase < s.stride; ++phase) {
    Axis a;
    for (int64_t t = phase; t < s.k; t += s.stride) a.tap.insert(a.tap.begin(), t);
    const int64_t q = (s.pad - phase + s.stride - 1) / s.stride;
    a.first = s.stride * q + phase - s.pad;
    a.count = a.first < extent ? (extent - 1 - a.first) / s.stride + 1 : 0;
    a.source = q - (static_cast<int64_t>(a.tap.size()) - 1);
    axes.push_back(a);
  }
  return axes;
}

RowConv RowConv::forward(const ConvShape& given) {
  const ConvShape s = is_pixelwise(given) && given.c % kK == 0 ? as_pixels(given) : given;
  RowConv r;
  r.source_ = {s.n, s.h, s.w, s.c};
  r.target_ = {s.n, s.oh, s.ow, s.oc};
  r.source_step_ = s.stride;
  r.column_step_ = s.c * s.k * s.k;
  Phase p;
  p.y = forward_axis(s, s.oh);
  p.x = forward_axis(s, s.ow);
  r.phases_.push_back(p);
  r.plan(s, s.k * s.k);
  return r;
}

RowConv RowConv::data_gradient(const ConvShape& given) {
  const ConvShape s = is_pixelwise(given) && given.oc % kK == 0 ? as_pixels(given) : given;
  RowConv r;
  r.source_ = {s.n, s.oh, s.ow, s.oc};
  r.target_ = {s.n, s.h, s.w, s.c};
  r.target_step_ = s.stride;
  r.column_step_ = s.k * s.k;
  for (const Axis& y : gradient_axes(s, s.h))
    for (const Axis& x : gradient_axes(s, s.w))
      if (y.count > 0 && x.count > 0) {
        Phase p;
        p.y = y;
        p.x = x;
        r.phases_.push_back(p);
      }
  r.plan(s, s.c * s.k * s.k);
  return r;
}

// channel_step: between the source's channels in the weights.
void RowConv::plan(const ConvShape& s, int64_t channel_step) {
  threads_ = threads();
  kernel_ = source_step_ == 1 ? 1 : s.k;
  choose_layout();
  plan_window();
  int64_t longest = 0;
  size_t panels = 0;
  for (Phase& p : phases_) {
    plan_phase(p, s.k, channel_step);
    p.panels = panels;
    panels += p.w_index.size() * static_cast<size_t>(target_.c);
    longest = std::max(longest, static_cast<int64_t>(p.a_step.size()));
  }
  for (int64_t k = 0; k < longest; ++k) b_step_.push_back(k * kTileElements);
  packed_.reset(static_cast<uint16_t*>(std::aligned_alloc(64, (panels * 2 + 63) / 64 * 64)));
  CHECK(packed_ != nullptr, "convolution: no memory for ", panels * 2, " bytes of packed weights");
  // What the second-level cache cannot hold until it is read next need not pass through it.
  const bool whole_lines = target_.c % 32 == 0 || (target_.c == 16 && target_.w % 2 == 0 && target_step_ == 1);
  stream_ = whole_lines && target_.n * target_.h * target_.w * target_.c * 2 > threads_ * kStreamBytes;
  const int64_t slack = 16 * entry_ + 2 * kK;  // the last tile may reach behind the window, for results that are dropped
  const int64_t bytes = (window_elements_ + slack) * 2 + max_entries_ * 8 + kResultFloats * 4;
  thread_bytes_ = static_cast<size_t>(round_up(bytes, 64));
}

void RowConv::choose_layout() {
  int64_t cols = 0;
  for (const Phase& p : phases_) {
    cols = std::max(cols, p.x.count);
    max_rows_ = std::max(max_rows_, p.y.count);
  }
  const bool pixels = source_.h == 1 && source_.w == 1 && target_.h == 1 && target_.w == 1 && phases_.size() == 1 &&
                      phases_[0].x.tap.size() == 1;
  if (source_.c == kK / 2 && source_step_ == 1) {
    layout_ = Layout::paired;
  } else if (source_.c % kK != 0) {
    layout_ = Layout::flat;
  } else if (pixels) {
    layout_ = Layout::direct;
    group_ = std::clamp<int64_t>(round_up(65536 / source_.c, 32), 32, 256);
  } else {
    layout_ = Layout::blocked;
    // As many pictures side by side as fill the tiles of a row.
    while (group_ < 16 && cols * group_ * 100 < round_up(cols * group_, 16) * 95) group_ *= 2;
  }
  group_ = std::min(group_, source_.n);
  if (pixels) group_ = std::min(group_, round_up(ceil_div(source_.n, threads_), 32));
  groups_ = ceil_div(source_.n, group_);
  max_entries_ = round_up(cols * group_, 64);
}

void RowConv::plan_window() {
  int64_t y1 = INT64_MIN, x1 = INT64_MIN;
  window_y0_ = window_x0_ = INT64_MAX;
  for (const Phase& p : phases_) {
    const int64_t ty = static_cast<int64_t>(p.y.tap.size()), tx = static_cast<int64_t>(p.x.tap.size());
    if (ty == 0 || tx == 0) continue;
    window_y0_ = std::min(window_y0_, p.y.source);
    window_x0_ = std::min(window_x0_, p.x.source);
    y1 = std::max(y1, p.y.source + ty);
    x1 = std::max(x1, p.x.source + (p.x.count - 1) * source_step_ + tx);
  }
  span_y_ = y1 - window_y0_;
  window_cols_ = x1 - window_x0_;
  phase_cols_ = ceil_div(window_cols_, source_step_);
  switch (layout_) {
    case Layout::direct: entry_ = source_.c, row_ = group_ * source_.c; break;
    case Layout::blocked: entry_ = kK, row_ = phase_cols_ * source_step_ * group_ * kK; break;
    case Layout::paired: entry_ = kK, row_ = window_cols_ * kK; break;
    case Layout::flat: entry_ = source_step_ * source_.c, row_ = round_up(window_cols_ * source_.c, kK); break;
  }
  // Rows a block: the copy stays in the second-level cache; larger where the weights are too large to be read often.
  const int64_t planes = layout_ == Layout::blocked ? source_.c / kK : 1;
  const int64_t taps = static_cast<int64_t>(phases_[0].y.tap.size() * phases_[0].x.tap.size());
  const int64_t limit = (source_.c * target_.c * taps * 2 > 600000 ? 1400000 : 384 * 1024) / (2 * planes * row_);
  block_rows_ = std::clamp<int64_t>((limit - span_y_) / source_step_ + 1, 1, max_rows_);
  block_rows_ = std::min(block_rows_, std::max<int64_t>(1, max_rows_ * groups_ / threads_));
  row_blocks_ = ceil_div(max_rows_, block_rows_);
  plane_ = ((block_rows_ - 1) * source_step_ + span_y_) * row_;
  lines_ = layout_ == Layout::flat || (group_ == 1 && source_.c == kK && source_step_ == 1);
  if (layout_ == Layout::blocked || layout_ == Layout::flat) plan_parts();
  window_elements_ = planes * plane_;
}

int64_t RowConv::column_offset(int64_t column) const {
  if (layout_ == Layout::paired) return column * kK;
  if (layout_ != Layout::blocked) return column * source_.c;
  return (column % source_step_ * phase_cols_ + column / source_step_) * group_ * kK;
}

void RowConv::plan_phase(Phase& p, int64_t k, int64_t channel_step) {
  const int64_t columns = static_cast<int64_t>(p.x.tap.size());
  for (size_t ty = 0; columns > 0 && ty < p.y.tap.size(); ++ty) {
    const int64_t row = (p.y.source - window_y0_ + static_cast<int64_t>(ty)) * row_;
    const auto weight = [&](int64_t tx, int64_t c) {
      return static_cast<int32_t>(c * channel_step + p.y.tap[ty] * k + p.x.tap[static_cast<size_t>(tx)]);
    };
    if (layout_ == Layout::flat || layout_ == Layout::paired) {
      const int64_t length = columns * source_.c;
      for (int64_t j = 0; j < length; j += kK) {
        const int64_t at = layout_ == Layout::paired ? column_offset(j / source_.c) : j;
        p.a_step.push_back(row + column_offset(p.x.source - window_x0_) + at);
        p.pairs.push_back(ceil_div(std::min(kK, length - j), 2));
        for (int64_t i = j; i < j + kK; ++i) p.w_index.push_back(i < length ? weight(i / source_.c, i % source_.c) : -1);
      }
      continue;
    }
    for (int64_t c = 0; c < source_.c; c += kK)
      for (int64_t tx = 0; tx < columns; ++tx) {
        const int64_t block = layout_ == Layout::blocked ? c / kK * plane_ : c;
        p.a_step.push_back(row + block + column_offset(p.x.source - window_x0_ + tx));
        p.pairs.push_back(kK / 2);
        for (int64_t i = c; i < c + kK; ++i) p.w_index.push_back(weight(tx, i));
      }
  }
}

void RowConv::pack(const float* w) {
  for (const Phase& p : phases_) {
    const int64_t count = static_cast<int64_t>(p.w_index.size());
    parallel_for(target_.c / 16, [&](int64_t begin, int64_t end, int) {
      for (int64_t j = begin; j < end; ++j)
        pack_weights(w + j * 16 * column_step_, column_step_, p.w_index.data(), count,
                     packed_.get() + p.panels + static_cast<size_t>(j * 16 * count));
    });
  }
}

size_t RowConv::workspace_bytes() const { return thread_bytes_ * static_cast<size_t>(threads_); }

void RowConv::run(const GemmIsa& isa, const Buffers& b) const {
  parallel_for(groups_ * row_blocks_, [&](int64_t begin, int64_t end, int thread) {
    Ahead ahead;
    Item item{};
    item.b = &b;
    item.isa = &isa;
    item.ahead = &ahead;
    char* scratch = static_cast<char*>(b.workspace) + thread_bytes_ * static_cast<size_t>(thread);
    item.results = reinterpret_cast<float*>(scratch);
    item.targets = reinterpret_cast<int64_t*>(item.results + kResultFloats);
    item.window = reinterpret_cast<uint16_t*>(item.targets + max_entries_);
    isa.begin();
    for (int64_t i = begin; i < end; ++i) {
      set_item(item, i);
      load_window(item);
      if (i + 1 < end) look_ahead(item, i + 1);
      for (const Phase& p : phases_) run_phase(p, item);
    }
    isa.end();
    if (stream_) _mm_sfence();
  });
}

void RowConv::set_item(Item& item, int64_t i) const {
  item.first = i / row_blocks_ * group_;
  item.pictures = std::min(group_, source_.n - item.first);
  item.row0 = i % row_blocks_ * block_rows_;
  item.row1 = std::min(item.row0 + block_rows_, max_rows_);
}

// Plans the fetching of item i during `item`, which has about as many products.
void RowConv::look_ahead(const Item& item, int64_t i) const {
  if (source_step_ > kernel_) return;  // most of the source is not read at all
  Item next = item;
  set_item(next, i);
  const int64_t y0 = std::clamp<int64_t>(next.row0 * source_step_ + window_y0_, 0, source_.h);
  const int64_t y1 = std::clamp<int64_t>((next.row1 - 1) * source_step_ + window_y0_ + span_y_, y0, source_.h);
  const int64_t picture = source_.h * source_.w * source_.c, columns = ceil_div(target_.c / 16, 2);
  int64_t products = 0;
  for (const Phase& p : phases_)
    products += ceil_div((std::min(item.row1, p.y.count) - item.row0) * ceil_div(p.x.count * group_, 16), 2) * columns;
  const uint16_t* x = item.b->x + next.first * picture + y0 * source_.w * source_.c;
  item.ahead->set(x, (y1 - y0) * source_.w * source_.c, picture, next.pictures, products);
}

void RowConv::load_window(const Item& item) const {
  if (layout_ == Layout::direct) {
    // The last pixels are copied, for tiles would read beyond the source's end.
    if (item.pictures < group_ || group_ % 16 != 0)
      std::memcpy(item.window, item.b->x + item.first * source_.c, static_cast<size_t>(item.pictures * source_.c) * 2);
    return;
  }
  const int64_t rows = (item.row1 - item.row0 - 1) * source_step_ + span_y_;
  for (int64_t row = 0; row < rows; ++row)
    if (row % source_step_ < kernel_)
      for (int64_t g = 0; g < group_; ++g) load_row(item, row, g);
  // K blocks beyond the kernel's columns have zero weights, but must not meet a NaN.
  if (layout_ == Layout::flat) std::memset(item.window + rows * row_, 0, kK * 2);
}

// The scratch row of one picture: the source's row with zeros where the window reaches beyond the picture.
void RowConv::load_row(const Item& item, int64_t row, int64_t g) const {
  const int64_t y = item.row0 * source_step_ + window_y0_ + row;
  const bool inside = y >= 0 && y < source_.h && g < item.pictures;
  const uint16_t* x = inside ? item.b->x + ((item.first + g) * source_.h + y) * source_.w * source_.c : nullptr;
  uint16_t* out = item.window + row * row_ + (layout_ == Layout::blocked ? g * kK : 0);
  if (layout_ == Layout::paired) return copy_pixels_twice(x, source_.w, window_x0_, window_cols_, out);
  for (const Part& part : parts_) {
    const uint16_t* from = inside && part.source >= 0 ? x + part.source : nullptr;
    if (lines_) {
      if (from)
        std::memcpy(out + part.target, from, static_cast<size_t>(part.count) * 2);
      else
        std::memset(out + part.target, 0, static_cast<size_t>(part.count) * 2);
      continue;
    }
    PixelRun run;
    run.x = from;
    run.step = source_step_ * source_.c;
    run.count = part.count;
    run.blocks = source_.c / kK;
    run.out = out + part.target;
    run.out_step = group_ * kK;
    run.out_block = plane_;
    copy_pixels(run);
  }
}

// Cuts a scratch row into what is left of the picture, in it, and right of it, for every phase of its columns.
void RowConv::plan_parts() {
  const int64_t left = std::clamp<int64_t>(-window_x0_, 0, window_cols_);
  const int64_t right = std::clamp<int64_t>(source_.w - window_x0_, left, window_cols_);
  const auto add = [&](int64_t from, int64_t to, int64_t phase, bool inside) {  // window columns [from, to)
    if (lines_) {
      if (from < to) parts_.push_back({inside ? (from + window_x0_) * source_.c : -1, from * source_.c, (to - from) * source_.c});
      return;
    }
    from += (phase - from % source_step_ + source_step_) % source_step_;
    if (from < to)
      parts_.push_back({inside ? (from + window_x0_) * source_.c : -1, column_offset(from), ceil_div(to - from, source_step_)});
  };
  const int64_t phases = lines_ || source_step_ == 1 ? 1 : std::min(source_step_, kernel_);
  for (int64_t phase = 0; phase < phases; ++phase) {
    add(0, left, phase, false);
    add(left, right, phase, true);
    add(right, window_cols_, phase, false);
  }
  if (layout_ == Layout::flat && row_ > window_cols_ * source_.c)
    parts_.push_back({-1, window_cols_ * source_.c, row_ - window_cols_ * source_.c});
}

// Offsets of a row's output pixels from its first one in the item's first picture.
void RowConv::find_targets(const Phase& p, const Item& item) const {
  const int64_t picture = target_.h * target_.w * target_.c;
  int64_t* t = item.targets;
  for (int64_t x = 0; x < p.x.count; ++x) {
    const int64_t at = x * target_step_ * target_.c;
    for (int64_t g = 0; g < group_; ++g) *t++ = g < item.pictures ? at + g * picture : -1;
  }
  while (t < item.targets + max_entries_) *t++ = -1;
}

// A block of result tiles: what is multiplied and where the results go.
struct RowConv::Product {
  TileGemm gemm;
  ResultStore store;
};

void RowConv::run_phase(const Phase& p, const Item& item) const {
  if (p.a_step.empty() && item.b->addend == item.b->y) return;  // nothing is added to these pixels
  find_targets(p, item);
  const int64_t tiles = (std::min(item.row1, p.y.count) - item.row0) * ceil_div(p.x.count * group_, 16);
  const int64_t columns = target_.c / 16, blocks = static_cast<int64_t>(p.a_step.size());
  const int64_t pair_bytes = 2 * blocks * kTileElements * 2;
  const int64_t strip = pair_bytes > 0 ? std::max<int64_t>(1, kStripBytes / pair_bytes) * 2 : columns;
  for (int64_t j = 0; j < columns; j += strip) {
    const int64_t end = std::min(j + strip, columns);
    if (blocks > 2 * kSlab && strip == 2)
      run_long_sums(p, item, tiles, j, static_cast<int>(end - j));
    else
      run_short_sums(p, item, tiles, j, end);
  }
}

// Every block of pixels meets all columns of a strip, whose weights stay in the first-level cache.
void RowConv::run_short_sums(const Phase& p, const Item& item, int64_t tiles, int64_t begin, int64_t end) const {
  const int most = end - begin == 1 ? kMaxTiles : 2;
  for (int64_t i = 0; i < tiles; i += most)
    for (int64_t j = begin; j < end; j += 2) {
      const int n = static_cast<int>(std::min<int64_t>(2, end - j));
      Product product = product_of(p, item, i, static_cast<int>(std::min<int64_t>(most, tiles - i)), j, n);
      product.gemm.c = item.results;
      product.store.c = item.results;
      product.gemm.k_blocks = static_cast<int64_t>(p.a_step.size());
      item.isa->run(product.gemm);
      item.ahead->fetch();
      store_results(product.store);
    }
}

// A slab of the sum at a time, whose weights stay in the first-level cache while a few blocks of pixels pass by.
void RowConv::run_long_sums(const Phase& p, const Item& item, int64_t tiles, int64_t j, int n) const {
  const int most = n == 1 ? kMaxTiles : 2;
  const int64_t blocks = static_cast<int64_t>(p.a_step.size());
  for (int64_t i = 0; i < tiles; i += most * kTogether) {
    Product products[kTogether];
    int count = 0;
    for (int64_t m = i; m < tiles && count < kTogether; m += most, ++count) {
      Product& product = products[count];
      product = product_of(p, item, m, static_cast<int>(std::min<int64_t>(most, tiles - m)), j, n);
      product.gemm.c = item.results + count * kMaxTiles * kResultElements;
      product.store.c = product.gemm.c;
    }
    for (int64_t k = 0; k < blocks; k += kSlab)
      for (int q = 0; q < count; ++q) {
        TileGemm& gemm = products[q].gemm;
        gemm.a_step = p.a_step.data() + k;
        gemm.b_step = b_step_.data() + k;
        gemm.pairs = p.pairs.data() + k;
        gemm.k_blocks = std::min<int64_t>(kSlab, blocks - k);
        gemm.accumulate = k > 0;
        item.isa->run(gemm);
        if (k + kSlab < blocks) continue;
        item.ahead->fetch();
        store_results(products[q].store);
      }
  }
}

// Tiles [first, first + m) of the item's pixels by column tiles [j, j + n).
RowConv::Product RowConv::product_of(const Phase& p, const Item& item, int64_t first, int m, int64_t j, int n) const {
  const bool copied = layout_ != Layout::direct || item.pictures < group_ || group_ % 16 != 0;
  const uint16_t* source = copied ? item.window : item.b->x + item.first * source_.c;
  const int64_t panel = static_cast<int64_t>(p.w_index.size()) * 16, row_tiles = ceil_div(p.x.count * group_, 16);
  Product product;
  TileGemm& gemm = product.gemm;
  ResultStore& store = product.store;
  gemm.m_tiles = store.m_tiles = m;
  gemm.n_tiles = store.n_tiles = n;
  gemm.c_stride = store.c_stride = n * kResultElements;
  gemm.a_stride = entry_ * 2;
  gemm.a_step = p.a_step.data();
  gemm.b_step = b_step_.data();
  gemm.pairs = p.pairs.data();
  for (int i = 0; i < n; ++i) gemm.b[i] = packed_.get() + p.panels + (j + i) * panel;
  for (int i = 0; i < m; ++i) {
    const int64_t row = (first + i) / row_tiles, tile = (first + i) % row_tiles;
    const int64_t y = p.y.first + (item.row0 + row) * target_step_;
    gemm.a[i] = source + row * source_step_ * row_ + tile * 16 * entry_;
    store.at[i] = ((item.first * target_.h + y) * target_.w + p.x.first) * target_.c + j * 16;
    store.offset[i] = item.targets + tile * 16;
  }
  store.y = item.b->y;
  store.addend = item.b->addend;
  store.bias = item.b->bias ? item.b->bias + j * 16 : nullptr;
  store.relu = item.b->relu;
  store.stream = stream_ && item.b->addend == nullptr && reinterpret_cast<uintptr_t>(item.b->y) % 64 == 0;
  return product;
}

}  // namespace resnet
