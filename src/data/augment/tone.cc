#include "data/augment/tone.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace resnet {

namespace {

using Table = std::array<uint8_t, 256>;
using Histogram = std::array<int64_t, 256>;

template <class Value> void apply_to_all(Pixels p, const Value& value) {
  Table table;
  for (int v = 0; v < 256; ++v) table[static_cast<size_t>(v)] = static_cast<uint8_t>(value(v));
  for (int64_t i = 0; i < 3 * p.count(); ++i) p.data[i] = table[p.data[i]];
}

// A table for each channel, made from how often each of its values occurs.
template <class Make> void apply_by_channel(Pixels p, const Make& make) {
  for (int c = 0; c < 3; ++c) {
    Histogram histogram{};
    for (int64_t i = c; i < 3 * p.count(); i += 3) ++histogram[p.data[i]];
    const Table table = make(histogram);
    for (int64_t i = c; i < 3 * p.count(); i += 3) p.data[i] = table[p.data[i]];
  }
}

Table identity() {
  Table table;
  std::iota(table.begin(), table.end(), uint8_t{0});
  return table;
}

int lowest(const Histogram& h) {
  return static_cast<int>(std::find_if(h.begin(), h.end(), [](int64_t n) { return n > 0; }) - h.begin());
}
int highest(const Histogram& h) {
  return 255 - static_cast<int>(std::find_if(h.rbegin(), h.rend(), [](int64_t n) { return n > 0; }) - h.rbegin());
}

Table stretched(const Histogram& histogram) {
  const int low = lowest(histogram), high = highest(histogram);
  if (high <= low) return identity();
  const double scale = 255.0 / (high - low), offset = -low * scale;
  Table table;
  for (size_t v = 0; v < 256; ++v)
    table[v] = static_cast<uint8_t>(std::clamp(static_cast<int>(static_cast<double>(v) * scale + offset), 0, 255));
  return table;
}

Table equalized(const Histogram& histogram) {
  const int64_t pixels = std::accumulate(histogram.begin(), histogram.end(), int64_t{0});
  const int64_t step = (pixels - histogram[static_cast<size_t>(highest(histogram))]) / 255;
  if (step == 0) return identity();
  Table table;
  int64_t n = step / 2;
  for (size_t v = 0; v < 256; ++v) {
    table[v] = static_cast<uint8_t>(std::min<int64_t>(n / step, 255));
    n += histogram[v];
  }
  return table;
}

}  // namespace

void posterize(Pixels p, int bits) {
  const int mask = ~((1 << (8 - bits)) - 1);
  apply_to_all(p, [&](int v) { return v & mask; });
}

void solarize(Pixels p, double threshold) {
  apply_to_all(p, [&](int v) { return v < threshold ? v : 255 - v; });
}

void autocontrast(Pixels p) { apply_by_channel(p, stretched); }
void equalize(Pixels p) { apply_by_channel(p, equalized); }

}  // namespace resnet
