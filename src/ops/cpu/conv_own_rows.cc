// How a RowConv runs: every thread takes blocks of rows, copies what they read, multiplies tiles and stores the results.
#include "ops/cpu/conv_own_rows.h"

#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "core/parallel.h"
#include "ops/cpu/conv_ahead.h"
#include "ops/cpu/conv_own_pack.h"
#include "ops/cpu/conv_result_sums.h"

namespace resnet {

namespace {

constexpr int64_t kStripBytes = 48 * 1024;  // of packed weights
constexpr int64_t kSlab = 12;               // K blocks of a slab

}  // namespace

// What one thread works on: `pictures` pictures from `first` on (at most group_), output rows [row0, row1) of every phase.
struct RowConv::Item {
  const Buffers* b;
  const GemmIsa* isa;
  int64_t begin, end;  // of all pictures that b->x holds
  int64_t first, pictures, row0, row1;
  int64_t column0, column1;  // tiles of target channels
  const uint16_t* source;    // of the first picture
  int thread;
  uint16_t* window;  // the scratch copy of the source
  int64_t* targets;  // [max_entries_] offset of an output pixel within its row
  float* results;    // [kResultFloats]
  Ahead* ahead;      // what is fetched meanwhile
  int64_t lines;     // with a product; 0: as many as a K block's time allows
};

size_t RowConv::workspace_bytes() const { return thread_bytes_ * static_cast<size_t>(threads_); }

RowConv::Item RowConv::item_of(const GemmIsa& isa, const Buffers& b, int thread) const {
  Item item{};
  item.b = &b;
  item.isa = &isa;
  item.thread = thread;
  item.end = source_.n;
  item.column1 = target_.c / 16;
  char* scratch = static_cast<char*>(b.workspace) + thread_bytes_ * static_cast<size_t>(thread);
  item.results = reinterpret_cast<float*>(scratch);
  item.targets = reinterpret_cast<int64_t*>(item.results + kResultFloats);
  item.window = reinterpret_cast<uint16_t*>(item.targets + max_entries_);
  return item;
}

void RowConv::run(const GemmIsa& isa, const Buffers& b) const {
  if (by_columns_) {
    parallel_for(ceil_div(target_.c, 32), [&](int64_t begin, int64_t end, int thread) {
      Item item = item_of(isa, b, thread);
      item.column0 = 2 * begin;
      item.column1 = std::min(2 * end, item.column1);
      run_items(item, 0, groups_ * row_blocks_);
    });
  } else if (layout_ == Layout::direct) {  // of pixels every thread has the same number, whatever the groups
    parallel_for(ceil_div(source_.n, 32), [&](int64_t begin, int64_t end, int thread) {
      Buffers own = b;
      own.x += 32 * begin * source_.c;
      run_range(isa, own, 32 * begin, std::min(32 * end, source_.n) - 32 * begin, thread);
    });
  } else {
    parallel_for(groups_ * row_blocks_, [&](int64_t begin, int64_t end, int thread) {
      Item item = item_of(isa, b, thread);
      run_items(item, begin, end);
    });
  }
}

void RowConv::run_range(const GemmIsa& isa, const Buffers& b, int64_t first, int64_t count, int thread) const {
  Item item = item_of(isa, b, thread);
  item.begin = first;
  item.end = first + count;
  run_items(item, 0, ceil_div(count, group_) * row_blocks_);
}

// Items [begin, end). Meanwhile b->ahead is fetched, or, where there is none, what the next item reads.
void RowConv::run_items(Item& item, int64_t begin, int64_t end) const {
  item.isa->begin();
  for (int64_t i = begin; i < end; ++i) {
    set_item(item, i);
    load_window(item);
    Ahead own;
    item.ahead = item.b->ahead ? item.b->ahead : &own;
    if (!item.b->ahead && i + 1 < end) look_ahead(item, i + 1);
    for (const Phase& p : phases_) run_phase(p, item);
  }
  item.isa->end();
  if (stream_) _mm_sfence();
}

void RowConv::set_item(Item& item, int64_t i) const {
  item.first = item.begin + i / row_blocks_ * group_;
  item.pictures = std::min(group_, item.end - item.first);
  item.source = item.b->x + (item.first - item.begin) * source_.h * source_.w * source_.c;
  item.row0 = i % row_blocks_ * block_rows_;
  item.row1 = std::min(item.row0 + block_rows_, max_rows_);
}

// Tiles of an output row: entry x * group_ + g is pixel x of picture g, and pictures that the item lacks come last.
int64_t RowConv::row_tiles(const Phase& p, const Item& item) const {
  return ceil_div((p.x.count - 1) * group_ + item.pictures, 16);
}

// Whether tiles are read where x lies. An incomplete last one would read beyond its end, so those pixels are copied.
bool RowConv::reads_source(const Item& item) const { return layout_ == Layout::direct && item.pictures % 16 == 0; }

// Plans the fetching of item i during `item`, which has about as many products.
void RowConv::look_ahead(Item& item, int64_t i) const {
  if (source_step_ > kernel_) return;  // most of the source is not read at all
  Item next = item;
  set_item(next, i);
  const int64_t y0 = std::clamp<int64_t>(next.row0 * source_step_ + window_y0_, 0, source_.h);
  const int64_t y1 = std::clamp<int64_t>((next.row1 - 1) * source_step_ + window_y0_ + span_y_, y0, source_.h);
  const int64_t picture = source_.h * source_.w * source_.c, columns = ceil_div(target_.c / 16, 2);
  int64_t products = 0;
  for (const Phase& p : phases_)
    products += ceil_div((std::min(item.row1, p.y.count) - item.row0) * row_tiles(p, item), 2) * columns;
  const uint16_t* x = next.source + y0 * source_.w * source_.c;
  item.ahead->add(x, (y1 - y0) * source_.w * source_.c * 2, picture * 2, next.pictures);
  item.lines = ceil_div(item.ahead->lines(), std::max<int64_t>(1, products));
}

void RowConv::fetch(const Item& item, int64_t k_blocks) {
  if (item.ahead) item.ahead->fetch(item.lines ? item.lines : kLinesEachBlock * k_blocks);
}

void RowConv::load_window(const Item& item) const {
  if (layout_ == Layout::direct) {
    if (!reads_source(item)) std::memcpy(item.window, item.source, static_cast<size_t>(item.pictures * source_.c) * 2);
    return;
  }
  const int64_t rows = (item.row1 - item.row0 - 1) * source_step_ + span_y_;
  for (int64_t row = 0; row <= rows; ++row) {
    if (row < rows && row % source_step_ < kernel_) {
      for (int64_t g = 0; g < group_; ++g) load_row(item, row, g);
    } else if (layout_ == Layout::flat) {
      // A row's last K blocks reach beyond it; the weights there are zero, but must not meet a NaN.
      std::memset(item.window + row * row_, 0, kK * 2);
    }
  }
}

// The scratch row of one picture: the source's row with zeros where the window reaches beyond the picture.
void RowConv::load_row(const Item& item, int64_t row, int64_t g) const {
  const int64_t y = item.row0 * source_step_ + window_y0_ + row;
  const bool inside = y >= 0 && y < source_.h && g < item.pictures;
  const uint16_t* x = inside ? item.source + (g * source_.h + y) * source_.w * source_.c : nullptr;
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
  const int64_t tiles = (std::min(item.row1, p.y.count) - item.row0) * row_tiles(p, item);
  const int64_t columns = item.column1, blocks = static_cast<int64_t>(p.a_step.size());
  const int64_t pair_bytes = 2 * blocks * kTileElements * 2;
  const int64_t strip = pair_bytes > 0 ? std::max<int64_t>(1, kStripBytes / pair_bytes) * 2 : columns;
  for (int64_t j = item.column0; j < columns; j += strip) {
    const int64_t end = std::min(j + strip, columns);
    if (blocks > 2 * kSlab && strip == 2)
      run_long_sums(p, item, tiles, j, static_cast<int>(end - j));
    else
      run_short_sums(p, item, tiles, j, end);
  }
}

// Every block of pixels meets all columns of a strip, whose weights stay in the first-level cache.
void RowConv::run_short_sums(const Phase& p, const Item& item, int64_t tiles, int64_t begin, int64_t end) const {
  const int64_t most = end - begin == 1 ? kMaxTiles : 2;
  Product product;
  set_up(product, p, item);
  for (int64_t i = 0; i < tiles; i += most) {
    set_pixels(product, p, item, i, static_cast<int>(std::min(most, tiles - i)));
    for (int64_t j = begin; j < end; j += 2) {
      set_columns(product, p, item, j, static_cast<int>(std::min<int64_t>(2, end - j)));
      item.isa->run(product.gemm);
      fetch(item, product.gemm.k_blocks);
      store_results(product.store);
    }
  }
}

// A slab of the sum at a time, whose weights stay in the first-level cache while a few blocks of pixels pass by.
void RowConv::run_long_sums(const Phase& p, const Item& item, int64_t tiles, int64_t j, int n) const {
  const int most = n == 1 ? kMaxTiles : 2;
  const int64_t blocks = static_cast<int64_t>(p.a_step.size());
  Product products[kTogether];
  for (int q = 0; q < kTogether; ++q) {
    set_up(products[q], p, item);
    set_columns(products[q], p, item, j, n);
    products[q].store.c = products[q].gemm.c = item.results + q * kMaxTiles * kResultElements;
  }
  for (int64_t i = 0; i < tiles; i += most * kTogether) {
    int count = 0;
    for (int64_t m = i; m < tiles && count < kTogether; m += most, ++count)
      set_pixels(products[count], p, item, m, static_cast<int>(std::min<int64_t>(most, tiles - m)));
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
        fetch(item, blocks);
        store_results(products[q].store);
      }
  }
}

// What all blocks of a phase have in common.
void RowConv::set_up(Product& product, const Phase& p, const Item& item) const {
  TileGemm& gemm = product.gemm;
  ResultStore& store = product.store;
  gemm.k_blocks = static_cast<int64_t>(p.a_step.size());
  gemm.a_stride = entry_ * 2;
  gemm.a_step = p.a_step.data();
  gemm.b_step = b_step_.data();
  gemm.pairs = p.pairs.data();
  store.c = gemm.c = item.results;
  store.y = item.b->y;
  store.addend = item.b->addend;
  store.relu = item.b->relu;
  store.stream = stream_ && item.b->addend == nullptr && reinterpret_cast<uintptr_t>(item.b->y) % 64 == 0;
  store.next = kMaxTiles / 2 * 16 * target_step_ * target_.c;
}

// Tiles [first, first + m) of the item's pixels.
void RowConv::set_pixels(Product& product, const Phase& p, const Item& item, int64_t first, int m) const {
  const uint16_t* source = reads_source(item) ? item.source : item.window;
  const int64_t across = row_tiles(p, item);
  product.gemm.m_tiles = product.store.m_tiles = m;
  int64_t row = first / across, tile = first % across;
  for (int i = 0; i < m; ++i) {
    const int64_t y = p.y.first + (item.row0 + row) * target_step_;
    product.gemm.a[i] = source + row * source_step_ * row_ + tile * 16 * entry_;
    product.store.at[i] = ((item.first * target_.h + y) * target_.w + p.x.first) * target_.c;
    product.store.offset[i] = item.targets + tile * 16;
    if (++tile == across) tile = 0, ++row;
  }
}

// Column tiles [j, j + n).
void RowConv::set_columns(Product& product, const Phase& p, const Item& item, int64_t j, int n) const {
  const int64_t panel = static_cast<int64_t>(p.w_index.size()) * 16;
  product.gemm.n_tiles = product.store.n_tiles = n;
  product.gemm.c_stride = product.store.c_stride = n * kResultElements;
  product.gemm.b[0] = packed() + p.panels + j * panel;
  product.gemm.b[1] = product.gemm.b[0] + panel;
  product.store.channel = j * 16;
  product.store.bias = item.b->bias ? item.b->bias + j * 16 : nullptr;
  if (item.b->sums) sum_results(product.store, *item.b->sums, target_.c, j * 16, item.thread);
}

}  // namespace resnet
