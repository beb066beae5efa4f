#include "ops/cpu/conv_own_rows.h"

#include <algorithm>
#include <cstring>

#include "core/parallel.h"
#include "ops/cpu/conv_own_pack.h"

namespace resnet {

namespace {

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
int64_t round_up(int64_t a, int64_t b) { return ceil_div(a, b) * b; }

constexpr int64_t kK = 32;  // elements of the sum in a tile

}  // namespace

bool is_pixelwise(const ConvShape& s) { return s.k == 1 && s.stride == 1 && s.pad == 0; }

ConvShape as_pixels(const ConvShape& s) { return {s.n * s.h * s.w, 1, 1, s.c, 1, 1, 0, 1, 1, s.oc}; }

// What one thread works on: `pictures` pictures from `first` on (at most group_), output rows [row0, row1) of every phase.
struct RowConv::Item {
  const Buffers* b;
  const GemmIsa* isa;
  int64_t first, pictures, row0, row1;
  uint16_t* window;   // the scratch copy of the source
  int64_t* targets;   // [max_entries_] offset of an output pixel within its row
  float* results;     // [4][256]
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
  packed_.resize(panels);
  const int64_t slack = 16 * entry_ + 2 * kK;  // the last tile may reach behind the window, for results that are dropped
  const int64_t bytes = (window_elements_ + slack) * 2 + max_entries_ * 8 + kMaxTiles * kResultElements * 4;
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
  if (source_.c % kK != 0) {
    layout_ = Layout::flat;
  } else if (pixels) {
    // Long pixels whose tile rows would share few cache sets are copied.
    layout_ = source_.c >= 1024 ? Layout::blocked : Layout::direct;
    group_ = std::clamp<int64_t>(round_up(131072 / source_.c, 32), 64, 512);
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
  entry_ = layout_ == Layout::blocked ? kK : source_.c * (layout_ == Layout::flat ? source_step_ : 1);
  row_ = layout_ == Layout::blocked ? phase_cols_ * source_step_ * group_ * kK : window_cols_ * group_ * source_.c;
  // Rows a block: the copy stays in the second-level cache; larger where the weights are too large to be read often.
  const int64_t planes = layout_ == Layout::blocked ? source_.c / kK : 1;
  const int64_t taps = static_cast<int64_t>(phases_[0].y.tap.size() * phases_[0].x.tap.size());
  const int64_t limit = (source_.c * target_.c * taps * 2 > 600000 ? 1400000 : 384 * 1024) / (2 * planes * row_);
  block_rows_ = std::clamp<int64_t>((limit - span_y_) / source_step_ + 1, 1, max_rows_);
  block_rows_ = std::min(block_rows_, std::max<int64_t>(1, max_rows_ * groups_ / threads_));
  row_blocks_ = ceil_div(max_rows_, block_rows_);
  plane_ = ((block_rows_ - 1) * source_step_ + span_y_) * row_;
  window_elements_ = planes * plane_;
}

int64_t RowConv::column_offset(int64_t column) const {
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
    if (layout_ == Layout::flat) {
      const int64_t length = columns * source_.c;
      for (int64_t j = 0; j < length; j += kK) {
        p.a_step.push_back(row + column_offset(p.x.source - window_x0_) + j);
        for (int64_t i = j; i < j + kK; ++i) p.w_index.push_back(i < length ? weight(i / source_.c, i % source_.c) : -1);
      }
      continue;
    }
    for (int64_t c = 0; c < source_.c; c += kK)
      for (int64_t tx = 0; tx < columns; ++tx) {
        const int64_t block = layout_ == Layout::blocked ? c / kK * plane_ : c;
        p.a_step.push_back(row + block + column_offset(p.x.source - window_x0_ + tx));
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
                     packed_.data() + p.panels + static_cast<size_t>(j * 16 * count));
    });
  }
}

size_t RowConv::workspace_bytes() const { return thread_bytes_ * static_cast<size_t>(threads_); }

void RowConv::run(const GemmIsa& isa, const Buffers& b) const {
  parallel_for(groups_ * row_blocks_, [&](int64_t begin, int64_t end, int thread) {
    Item item{};
    item.b = &b;
    item.isa = &isa;
    char* scratch = static_cast<char*>(b.workspace) + thread_bytes_ * static_cast<size_t>(thread);
    item.results = reinterpret_cast<float*>(scratch);
    item.targets = reinterpret_cast<int64_t*>(item.results + kMaxTiles * kResultElements);
    item.window = reinterpret_cast<uint16_t*>(item.targets + max_entries_);
    isa.begin();
    for (int64_t i = begin; i < end; ++i) {
      item.first = i / row_blocks_ * group_;
      item.pictures = std::min(group_, source_.n - item.first);
      item.row0 = i % row_blocks_ * block_rows_;
      item.row1 = std::min(item.row0 + block_rows_, max_rows_);
      load_window(item);
      for (const Phase& p : phases_) run_phase(p, item);
    }
    isa.end();
  });
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
    for (int64_t g = 0; g < group_; ++g) load_row(item, row, g);
  // K blocks beyond the kernel's columns have zero weights, but must not meet a NaN.
  if (layout_ == Layout::flat) std::memset(item.window + rows * row_, 0, kK * 2);
}

void RowConv::load_row(const Item& item, int64_t row, int64_t g) const {
  const int64_t y = item.row0 * source_step_ + window_y0_ + row;
  const bool inside = y >= 0 && y < source_.h && g < item.pictures;
  const uint16_t* x = inside ? item.b->x + ((item.first + g) * source_.h + y) * source_.w * source_.c : nullptr;
  // Window columns [left, right) lie in the picture.
  const int64_t left = std::clamp<int64_t>(-window_x0_, 0, window_cols_);
  const int64_t right = inside ? std::clamp<int64_t>(source_.w - window_x0_, left, window_cols_) : left;
  if (layout_ == Layout::flat) {
    uint16_t* out = item.window + row * row_;
    std::memset(out, 0, static_cast<size_t>(left * source_.c) * 2);
    if (right > left)
      std::memcpy(out + left * source_.c, x + (left + window_x0_) * source_.c, static_cast<size_t>((right - left) * source_.c) * 2);
    std::memset(out + right * source_.c, 0, static_cast<size_t>((window_cols_ - right) * source_.c) * 2);
    return;
  }
  const int64_t kernel = static_cast<int64_t>(phases_[0].x.tap.size());
  for (int64_t phase = 0; phase < source_step_; ++phase) {
    if (source_step_ > 1 && phase >= kernel) break;
    const auto part = [&](int64_t from, int64_t to, const uint16_t* pixels) {  // window columns [from, to)
      from += (phase - from % source_step_ + source_step_) % source_step_;
      if (from >= to) return;
      PixelRun run;
      run.x = pixels ? pixels + (from + window_x0_) * source_.c : nullptr;
      run.step = source_step_ * source_.c;
      run.count = ceil_div(to - from, source_step_);
      run.blocks = source_.c / kK;
      run.out = item.window + row * row_ + column_offset(from) + g * kK;
      run.out_step = group_ * kK;
      run.out_block = plane_;
      copy_pixels(run);
    };
    part(0, left, nullptr);
    part(left, right, x);
    part(right, window_cols_, nullptr);
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

void RowConv::run_phase(const Phase& p, const Item& item) const {
  if (p.a_step.empty() && item.b->addend == item.b->y) return;  // nothing is added to these pixels
  find_targets(p, item);
  const bool copied = layout_ != Layout::direct || item.pictures < group_ || group_ % 16 != 0;
  const uint16_t* source = copied ? item.window : item.b->x + item.first * source_.c;
  const int64_t panel = static_cast<int64_t>(p.w_index.size()) * 16;
  const int64_t tiles = ceil_div(p.x.count * group_, 16), columns = target_.c / 16;
  TileGemm gemm;
  gemm.k_blocks = static_cast<int64_t>(p.a_step.size());
  gemm.a_stride = entry_ * 2;
  gemm.a_step = p.a_step.data();
  gemm.b_step = b_step_.data();
  gemm.c = item.results;
  ResultStore store;
  store.c = gemm.c;
  store.relu = item.b->relu;
  for (int64_t j = 0; j < columns; j += gemm.n_tiles) {
    gemm.n_tiles = store.n_tiles = static_cast<int>(std::min<int64_t>(2, columns - j));
    for (int n = 0; n < gemm.n_tiles; ++n) gemm.b[n] = packed_.data() + p.panels + (j + n) * panel;
    gemm.c_stride = store.c_stride = gemm.n_tiles * kResultElements;
    store.bias = item.b->bias ? item.b->bias + j * 16 : nullptr;
    const int64_t most = gemm.n_tiles == 2 ? 2 : kMaxTiles;
    for (int64_t r = item.row0; r < std::min(item.row1, p.y.count); ++r) {
      const int64_t at = ((item.first * target_.h + p.y.first + r * target_step_) * target_.w + p.x.first) * target_.c + j * 16;
      store.y = item.b->y + at;
      store.addend = item.b->addend ? item.b->addend + at : nullptr;
      const uint16_t* a = source + (r - item.row0) * source_step_ * row_;
      for (int64_t i = 0; i < tiles; i += gemm.m_tiles) {
        gemm.m_tiles = store.m_tiles = static_cast<int>(std::min(most, tiles - i));
        for (int m = 0; m < gemm.m_tiles; ++m) gemm.a[m] = a + (i + m) * 16 * entry_;
        store.offset = item.targets + i * 16;
        item.isa->run(gemm);
        store_results(store);
      }
    }
  }
}

}  // namespace resnet
