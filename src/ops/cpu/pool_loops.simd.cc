#include "ops/cpu/pool_loops.h"

#include "ops/cpu/simd_blocks.h"

namespace resnet {
namespace {

// The part of a window of `k` that starts at `at` and lies inside [0, n): first and last+1.
struct Range {
  int64_t begin, end;
};
inline Range inside(int64_t at, int64_t k, int64_t n) { return {at < 0 ? 0 : at, at + k > n ? n : at + k}; }

// The outputs [begin, end) whose window of `k` covers an input position, which starts at `from` and moves on with next().
class Covering {
 public:
  Covering(int64_t from, int64_t k, int64_t stride, int64_t pad, int64_t outputs)
      : at_(from + pad), k_(k), stride_(stride), outputs_(outputs) {
    begin = at_ < k ? 0 : (at_ - k) / stride + 1;
    end = at_ / stride + 1 < outputs ? at_ / stride + 1 : outputs;
  }
  void next() {
    ++at_;
    if (begin * stride_ + k_ <= at_) ++begin;
    if (end < outputs_ && end * stride_ <= at_) ++end;
  }
  int64_t begin, end;

 private:
  int64_t at_, k_, stride_, outputs_;
};

// Calls body(first channel, number of vectors, lanes) for the channels of a pixel: whole cache lines where that goes.
template <class Body> inline void for_lines(int64_t c, const Body& body) {
  if (c % kWidth == 0)
    for (int64_t k = 0; k < c; k += kWidth) body(k, Count<kVectors>{}, All{});
  else
    for_channels(c, [&](int64_t k, auto lanes) { body(k, Count<1>{}, lanes); });
}

template <int kV, class T, class L>
inline void put(T* p, Vectors<kV> v, L lanes, const PoolRows& rows, bool whole_lines) {
  if (rows.accumulate) {
    const auto before = load_vectors<kV>(p, lanes);
    for (int j = 0; j < kV; ++j) v.v[j] += before.v[j];
  }
  store_vectors(p, v, lanes, rows.stream && whole_lines && !rows.accumulate);
}

// Fetches what the window below this one will read first: stride x stride pixels from (iy, ix) on.
template <class T> inline void fetch_below(const PoolShape& s, const T* x, int64_t iy, int64_t ix) {
  if (iy + s.stride > s.h || ix < 0 || ix + s.stride > s.w) return;
  constexpr int64_t kLine = 64 / static_cast<int64_t>(sizeof(T));
  for (int64_t r = 0; r < s.stride; ++r)
    for (int64_t i = 0; i < s.stride * s.c; i += kLine) __builtin_prefetch(x + ((iy + r) * s.w + ix) * s.c + i);
}

template <class T>
inline void max_window(const PoolShape& s, const T* x, int64_t oy, int64_t ox, T* y, uint8_t* winner, bool stream) {
  const int64_t top = oy * s.stride - s.pad, left = ox * s.stride - s.pad;
  const Range rows = inside(top, s.kh, s.h), columns = inside(left, s.kw, s.w);
  fetch_below(s, x, top + s.kh, left + s.pad);
  for_lines(s.c, [&](int64_t k, auto count, auto lanes) {
    constexpr int kV = count.n;
    auto best = load_vectors<kV>(x + (rows.begin * s.w + columns.begin) * s.c + k, lanes);
    U16 place[kV];
    for (int j = 0; j < kV; ++j)
      place[j] = U16{} + static_cast<uint32_t>((rows.begin - top) * s.kw + columns.begin - left);
    for (int64_t iy = rows.begin; iy < rows.end; ++iy)
      for (int64_t ix = columns.begin; ix < columns.end; ++ix) {
        const auto v = load_vectors<kV>(x + (iy * s.w + ix) * s.c + k, lanes);
        const U16 here = U16{} + static_cast<uint32_t>((iy - top) * s.kw + ix - left);
        for (int j = 0; j < kV; ++j) {
          const auto larger = v.v[j] > best.v[j];
          best.v[j] = larger ? v.v[j] : best.v[j];
          place[j] = larger ? here : place[j];
        }
      }
    store_vectors(y + k, best, lanes, stream);
    if (winner)
      for (int j = 0; j < kV; ++j) store_bytes(winner + k + 16 * j, place[j], lanes);
  });
}

template <class T>
[[gnu::flatten]] void max(const PoolShape& s, const PoolRows& rows, const T* x, T* y, uint8_t* winner) {
  const bool stream = rows.stream && whole_line(y);
  for (int64_t oy = rows.begin; oy < rows.end; ++oy)
    for (int64_t ox = 0; ox < s.ow; ++ox) {
      const int64_t at = (oy * s.ow + ox) * s.c;
      max_window(s, x, oy, ox, y + at, winner ? winner + at : nullptr, stream);
    }
  if (stream) end_streaming();
}

template <class T>
[[gnu::flatten]] void max_backward(const PoolShape& s, const PoolRows& range, const T* dy, const uint8_t* winner,
                                   T* dx) {
  const bool whole_lines = whole_line(dx);
  Covering rows(range.begin, s.kh, s.stride, s.pad, s.oh);
  for (int64_t iy = range.begin; iy < range.end; ++iy, rows.next()) {
    Covering columns(0, s.kw, s.stride, s.pad, s.ow);
    for (int64_t ix = 0; ix < s.w; ++ix, columns.next())
      for_lines(s.c, [&](int64_t k, auto count, auto lanes) {
        constexpr int kV = count.n;
        Vectors<kV> sum = {};
        for (int64_t oy = rows.begin; oy < rows.end; ++oy)
          for (int64_t ox = columns.begin; ox < columns.end; ++ox) {
            const int64_t at = (oy * s.ow + ox) * s.c + k;
            const auto place = static_cast<uint8_t>((iy + s.pad - oy * s.stride) * s.kw + ix + s.pad - ox * s.stride);
            const auto d = load_vectors<kV>(dy + at, lanes);
            for (int j = 0; j < kV; ++j) sum.v[j] += select(equal(winner + at + 16 * j, place, lanes), d.v[j]);
          }
        put(dx + (iy * s.w + ix) * s.c + k, sum, lanes, range, whole_lines);
      });
  }
  if (range.stream) end_streaming();
}

template <class T> [[gnu::flatten]] void average(const PoolShape& s, const PoolRows& range, const T* x, T* y) {
  const float share = 1.0f / static_cast<float>(s.kh * s.kw);
  for (int64_t oy = range.begin; oy < range.end; ++oy)
    for (int64_t ox = 0; ox < s.ow; ++ox) {
      const Range rows = inside(oy * s.stride - s.pad, s.kh, s.h), columns = inside(ox * s.stride - s.pad, s.kw, s.w);
      for_lines(s.c, [&](int64_t k, auto count, auto lanes) {
        constexpr int kV = count.n;
        Vectors<kV> sum = {};
        for (int64_t iy = rows.begin; iy < rows.end; ++iy)
          for (int64_t ix = columns.begin; ix < columns.end; ++ix) {
            const auto v = load_vectors<kV>(x + (iy * s.w + ix) * s.c + k, lanes);
            for (int j = 0; j < kV; ++j) sum.v[j] += v.v[j];
          }
        for (int j = 0; j < kV; ++j) sum.v[j] *= share;
        store_vectors(y + (oy * s.ow + ox) * s.c + k, sum, lanes, false);
      });
    }
}

template <class T>
[[gnu::flatten]] void average_backward(const PoolShape& s, const PoolRows& range, const T* dy, T* dx) {
  const float share = 1.0f / static_cast<float>(s.kh * s.kw);
  const bool whole_lines = whole_line(dx);
  Covering rows(range.begin, s.kh, s.stride, s.pad, s.oh);
  for (int64_t iy = range.begin; iy < range.end; ++iy, rows.next()) {
    Covering columns(0, s.kw, s.stride, s.pad, s.ow);
    for (int64_t ix = 0; ix < s.w; ++ix, columns.next())
      for_lines(s.c, [&](int64_t k, auto count, auto lanes) {
        constexpr int kV = count.n;
        Vectors<kV> sum = {};
        for (int64_t oy = rows.begin; oy < rows.end; ++oy)
          for (int64_t ox = columns.begin; ox < columns.end; ++ox) {
            const auto v = load_vectors<kV>(dy + (oy * s.ow + ox) * s.c + k, lanes);
            for (int j = 0; j < kV; ++j) sum.v[j] += v.v[j];
          }
        for (int j = 0; j < kV; ++j) sum.v[j] *= share;
        put(dx + (iy * s.w + ix) * s.c + k, sum, lanes, range, whole_lines);
      });
  }
  if (range.stream) end_streaming();
}

// y = n elements of `from`, which are zeros where `from` is null.
template <class T> inline void copy(const T* from, T* y, int64_t n) {
  for_channels(n, [&](int64_t k, auto lanes) { store16(y + k, from ? load16(from + k, lanes) : F16{}, lanes); });
}

template <class T>
[[gnu::flatten]] void pad_channels(const PoolShape& s, const PoolRows& rows, const T* x, T* y, int64_t out,
                                   int64_t before) {
  for (int64_t oy = rows.begin; oy < rows.end; ++oy)
    for (int64_t ox = 0; ox < s.ow; ++ox) {
      T* to = y + (oy * s.ow + ox) * out;
      copy<T>(nullptr, to, before);
      copy(x + (oy * s.stride * s.w + ox * s.stride) * s.c, to + before, s.c);
      copy<T>(nullptr, to + before + s.c, out - before - s.c);
    }
}

template <class T>
[[gnu::flatten]] void pad_channels_backward(const PoolShape& s, const PoolRows& rows, const T* dy, T* dx, int64_t out,
                                            int64_t before) {
  for (int64_t iy = rows.begin; iy < rows.end; ++iy) {
    T* to = dx + iy * s.w * s.c;
    if (!rows.accumulate) copy<T>(nullptr, to, s.w * s.c);
    if (iy % s.stride != 0) continue;
    const T* from = dy + iy / s.stride * s.ow * out + before;
    for (int64_t ox = 0; ox < s.ow; ++ox, from += out, to += s.stride * s.c)
      for_lines(s.c, [&](int64_t k, auto count, auto lanes) {
        put(to + k, load_vectors<count.n>(from + k, lanes), lanes, rows, false);
      });
  }
}

}  // namespace

namespace SIMD_NS {
extern const PoolTable pool_loops_table;
const PoolTable pool_loops_table = {
    {max<float>, max_backward<float>, average<float>, average_backward<float>, pad_channels<float>,
     pad_channels_backward<float>},
    {max<uint16_t>, max_backward<uint16_t>, average<uint16_t>, average_backward<uint16_t>, pad_channels<uint16_t>,
     pad_channels_backward<uint16_t>},
    {nullptr, nullptr, nullptr, nullptr, pad_channels<uint8_t>, nullptr}};
}  // namespace SIMD_NS

}  // namespace resnet
