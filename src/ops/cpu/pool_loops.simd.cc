#include "ops/cpu/pool_loops.h"

#include "ops/cpu/simd.h"

namespace resnet {
namespace {

// The part of a window of `k` that starts at `at` and lies inside [0, n): first and last+1.
struct Range {
  int64_t begin, end;
};
inline Range inside(int64_t at, int64_t k, int64_t n) { return {at < 0 ? 0 : at, at + k > n ? n : at + k}; }

// The outputs whose window covers input position `at`.
inline Range covering(int64_t at, int64_t k, int64_t stride, int64_t pad, int64_t outputs) {
  const int64_t low = at + pad - k + 1;
  const int64_t begin = low <= 0 ? 0 : (low + stride - 1) / stride, end = (at + pad) / stride + 1;
  return {begin, end > outputs ? outputs : end};
}

template <class T, class Lanes> inline void put(T* p, F16 v, Lanes lanes, bool accumulate) {
  store16(p, accumulate ? load16(p, lanes) + v : v, lanes);
}

inline int64_t count(All) { return 16; }
inline int64_t count(First lanes) { return lanes.n; }

template <class T>
inline void max_window(const PoolShape& s, const T* x, int64_t oy, int64_t ox, T* y, uint8_t* winner) {
  const int64_t top = oy * s.stride - s.pad, left = ox * s.stride - s.pad;
  const Range rows = inside(top, s.kh, s.h), columns = inside(left, s.kw, s.w);
  for_channels(s.c, [&](int64_t k, auto lanes) {
    F16 best = load16(x + (rows.begin * s.w + columns.begin) * s.c + k, lanes);
    F16 place = F16{} + static_cast<float>((rows.begin - top) * s.kw + columns.begin - left);
    for (int64_t iy = rows.begin; iy < rows.end; ++iy)
      for (int64_t ix = columns.begin; ix < columns.end; ++ix) {
        const F16 v = load16(x + (iy * s.w + ix) * s.c + k, lanes);
        const auto larger = v > best;
        best = larger ? v : best;
        place = larger ? F16{} + static_cast<float>((iy - top) * s.kw + ix - left) : place;
      }
    store16(y + k, best, lanes);
    if (winner)
      for (int64_t i = 0; i < count(lanes); ++i) winner[k + i] = static_cast<uint8_t>(place[i]);
  });
}

template <class T> void max(const PoolShape& s, const T* x, T* y, uint8_t* winner) {
  for (int64_t oy = 0; oy < s.oh; ++oy)
    for (int64_t ox = 0; ox < s.ow; ++ox) {
      const int64_t at = (oy * s.ow + ox) * s.c;
      max_window(s, x, oy, ox, y + at, winner ? winner + at : nullptr);
    }
}

template <class T> void max_backward(const PoolShape& s, const T* dy, const uint8_t* winner, T* dx, bool accumulate) {
  for (int64_t iy = 0; iy < s.h; ++iy)
    for (int64_t ix = 0; ix < s.w; ++ix) {
      const Range rows = covering(iy, s.kh, s.stride, s.pad, s.oh), columns = covering(ix, s.kw, s.stride, s.pad, s.ow);
      for_channels(s.c, [&](int64_t k, auto lanes) {
        F16 sum = {};
        for (int64_t oy = rows.begin; oy < rows.end; ++oy)
          for (int64_t ox = columns.begin; ox < columns.end; ++ox) {
            const int64_t at = (oy * s.ow + ox) * s.c + k;
            const auto place = static_cast<uint8_t>((iy + s.pad - oy * s.stride) * s.kw + ix + s.pad - ox * s.stride);
            F16 d = load16(dy + at, lanes);
            for (int64_t i = 0; i < count(lanes); ++i) d[i] = winner[at + i] == place ? d[i] : 0.0f;
            sum += d;
          }
        put(dx + (iy * s.w + ix) * s.c + k, sum, lanes, accumulate);
      });
    }
}

template <class T> void average(const PoolShape& s, const T* x, T* y) {
  const float share = 1.0f / static_cast<float>(s.kh * s.kw);
  for (int64_t oy = 0; oy < s.oh; ++oy)
    for (int64_t ox = 0; ox < s.ow; ++ox) {
      const Range rows = inside(oy * s.stride - s.pad, s.kh, s.h), columns = inside(ox * s.stride - s.pad, s.kw, s.w);
      for_channels(s.c, [&](int64_t k, auto lanes) {
        F16 sum = {};
        for (int64_t iy = rows.begin; iy < rows.end; ++iy)
          for (int64_t ix = columns.begin; ix < columns.end; ++ix) sum += load16(x + (iy * s.w + ix) * s.c + k, lanes);
        store16(y + (oy * s.ow + ox) * s.c + k, sum * share, lanes);
      });
    }
}

template <class T> void average_backward(const PoolShape& s, const T* dy, T* dx, bool accumulate) {
  const float share = 1.0f / static_cast<float>(s.kh * s.kw);
  for (int64_t iy = 0; iy < s.h; ++iy)
    for (int64_t ix = 0; ix < s.w; ++ix) {
      const Range rows = covering(iy, s.kh, s.stride, s.pad, s.oh), columns = covering(ix, s.kw, s.stride, s.pad, s.ow);
      for_channels(s.c, [&](int64_t k, auto lanes) {
        F16 sum = {};
        for (int64_t oy = rows.begin; oy < rows.end; ++oy)
          for (int64_t ox = columns.begin; ox < columns.end; ++ox)
            sum += load16(dy + (oy * s.ow + ox) * s.c + k, lanes);
        put(dx + (iy * s.w + ix) * s.c + k, sum * share, lanes, accumulate);
      });
    }
}

template <class T> void pad_channels(const PoolShape& s, const T* x, T* y, int64_t out, int64_t before) {
  for (int64_t oy = 0; oy < s.oh; ++oy)
    for (int64_t ox = 0; ox < s.ow; ++ox, y += out) {
      const T* from = x + (oy * s.stride * s.w + ox * s.stride) * s.c;
      for (int64_t i = 0; i < before; ++i) y[i] = 0;
      for (int64_t i = 0; i < s.c; ++i) y[before + i] = from[i];
      for (int64_t i = before + s.c; i < out; ++i) y[i] = 0;
    }
}

template <class T>
void pad_channels_backward(const PoolShape& s, const T* dy, T* dx, int64_t out, int64_t before, bool accumulate) {
  for (int64_t iy = 0; iy < s.h; ++iy)
    for (int64_t ix = 0; ix < s.w; ++ix, dx += s.c) {
      const bool taken = iy % s.stride == 0 && ix % s.stride == 0;
      const T* from = dy + (iy / s.stride * s.ow + ix / s.stride) * out + before;
      if (!taken && accumulate) continue;
      for_channels(
          s.c, [&](int64_t k, auto lanes) { put(dx + k, taken ? load16(from + k, lanes) : F16{}, lanes, accumulate); });
    }
}

}  // namespace

namespace SIMD_NS {
extern const PoolTable pool_loops_table;
const PoolTable pool_loops_table = {
    {max<float>, max_backward<float>, average<float>, average_backward<float>, pad_channels<float>,
     pad_channels_backward<float>},
    {max<uint16_t>, max_backward<uint16_t>, average<uint16_t>, average_backward<uint16_t>, pad_channels<uint16_t>,
     pad_channels_backward<uint16_t>}};
}  // namespace SIMD_NS

}  // namespace resnet
