// What a RowConv decides once: the phases of the output, how the source is copied and in which blocks, where the K blocks
// of a sum lie in the copy, and the weights as tiles in the same order.
#include <algorithm>

#include "core/check.h"
#include "core/parallel.h"
#include "ops/cpu/conv_own_pack.h"
#include "ops/cpu/conv_own_rows.h"
#include "ops/cpu/packed_storage.h"
#include "ops/cpu/past_caches.h"

namespace resnet {

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

RowConv RowConv::forward(const ConvShape& given, bool train) {
  const ConvShape s = is_pixelwise(given) && given.c % kK == 0 ? as_pixels(given) : given;
  RowConv r;
  r.pictures_each_ = s.n / given.n;
  r.source_ = {s.n, s.h, s.w, s.c};
  r.target_ = {s.n, s.oh, s.ow, s.oc};
  r.source_step_ = s.stride;
  r.column_step_ = s.c * s.k * s.k;
  Phase p;
  p.y = forward_axis(s, s.oh);
  p.x = forward_axis(s, s.ow);
  r.phases_.push_back(p);
  r.plan(s, s.k * s.k);
  r.stream_ = r.stream_ && train;
  return r;
}

RowConv RowConv::data_gradient(const ConvShape& given) {
  const ConvShape s = is_pixelwise(given) && given.oc % kK == 0 ? as_pixels(given) : given;
  RowConv r;
  r.pictures_each_ = s.n / given.n;
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
  by_columns_ = threads_ > 1 && s.oc * s.k * s.k * s.c > source_.n * source_.h * source_.w * source_.c &&
                target_.c >= 32 * threads_;
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
  packed_ = packed_storage({static_cast<int64_t>(panels)}, DType::bf16);
  // What the second-level cache cannot hold until it is read next need not pass through it.
  const bool whole_lines = target_.c % 32 == 0 || (target_.c == 16 && target_.w % 2 == 0 && target_step_ == 1);
  stream_ = whole_lines && past_caches(target_.n * target_.h * target_.w * target_.c * 2);
  const int64_t slack =
      16 * entry_ + 2 * kK;  // the last tile may reach behind the window, for results that are dropped
  const int64_t bytes = (window_elements_ + slack) * 2 + max_entries_ * 8 + kResultFloats * 4;
  thread_bytes_ = static_cast<size_t>(round_up(bytes, 64) + kThreadGap);
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
    group_ = std::clamp<int64_t>(round_up(32768 / source_.c, 32), 32 * kTogether, 256);
  } else {
    layout_ = Layout::blocked;
    // As many pictures side by side as fill the tiles of a row.
    while (group_ < 16 && cols * group_ * 100 < round_up(cols * group_, 16) * 95) group_ *= 2;
  }
  group_ = std::min(group_, source_.n);
  const int64_t parts = by_columns_ ? 1 : threads_;
  if (pixels) group_ = std::min(group_, round_up(ceil_div(source_.n, parts), 32));
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
    case Layout::direct:
      entry_ = source_.c, row_ = group_ * source_.c;
      break;
    case Layout::blocked:
      entry_ = kK, row_ = phase_cols_ * source_step_ * group_ * kK;
      break;
    case Layout::paired:
      entry_ = kK, row_ = window_cols_ * kK;
      break;
    case Layout::flat:
      entry_ = source_step_ * source_.c, row_ = round_up(window_cols_ * source_.c, kK);
      break;
  }
  // Rows a block: the copy stays in the second-level cache; larger where the weights are too large to be read often.
  const int64_t planes = layout_ == Layout::blocked ? source_.c / kK : 1;
  const int64_t taps = static_cast<int64_t>(phases_[0].y.tap.size() * phases_[0].x.tap.size());
  const int64_t limit = (source_.c * target_.c * taps * 2 > 600000 ? 1400000 : 384 * 1024) / (2 * planes * row_);
  block_rows_ = std::clamp<int64_t>((limit - span_y_) / source_step_ + 1, 1, max_rows_);
  if (!by_columns_) block_rows_ = std::min(block_rows_, std::max<int64_t>(1, max_rows_ * groups_ / threads_));
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
        for (int64_t i = j; i < j + kK; ++i)
          p.w_index.push_back(i < length ? weight(i / source_.c, i % source_.c) : -1);
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
                     packed() + p.panels + static_cast<size_t>(j * 16 * count));
    });
  }
}

// Cuts a scratch row into what is left of the picture, in it, and right of it, for every phase of its columns.
void RowConv::plan_parts() {
  const int64_t left = std::clamp<int64_t>(-window_x0_, 0, window_cols_);
  const int64_t right = std::clamp<int64_t>(source_.w - window_x0_, left, window_cols_);
  const auto add = [&](int64_t from, int64_t to, int64_t phase, bool inside) {  // window columns [from, to)
    if (lines_) {
      if (from < to)
        parts_.push_back({inside ? (from + window_x0_) * source_.c : -1, from * source_.c, (to - from) * source_.c});
      return;
    }
    from += (phase - from % source_step_ + source_step_) % source_step_;
    if (from < to)
      parts_.push_back(
          {inside ? (from + window_x0_) * source_.c : -1, column_offset(from), ceil_div(to - from, source_step_)});
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

}  // namespace resnet
