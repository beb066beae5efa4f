// Antialiased bilinear resizing in fixed point, in the two passes and with the roundings of Pillow's BILINEAR filter, so
// that pictures get the same bytes as in training pipelines built on it. Only the window that the crop keeps is computed.
#include <algorithm>
#include <cmath>
#include <vector>

#include "core/check.h"
#include "resnet/data.h"

namespace resnet {

namespace {

constexpr int kPrecisionBits = 22;  // of the coefficients: 8-bit values and sums fit an int

// Output positions [first, first + count) of an axis scaled from `in` to `out` samples.
struct Axis {
  int64_t in, out, first, count;
};

// For each output position, the input samples it is made of and their weights.
struct Taps {
  int64_t width;  // weights stored a position
  std::vector<int64_t> begin, length;
  std::vector<int32_t> weight;  // [count, width], fixed point
};

Taps make_taps(const Axis& axis) {
  const double scale = static_cast<double>(axis.in) / static_cast<double>(axis.out);
  const double support = std::max(scale, 1.0);  // the triangle's half width, in input samples
  Taps taps;
  taps.width = static_cast<int64_t>(std::ceil(support)) * 2 + 1;
  taps.weight.assign(static_cast<size_t>(axis.count * taps.width), 0);
  std::vector<double> w(static_cast<size_t>(taps.width));
  for (int64_t i = 0; i < axis.count; ++i) {
    const double center = (static_cast<double>(axis.first + i) + 0.5) * scale;
    const int64_t begin = std::max<int64_t>(0, static_cast<int64_t>(center - support + 0.5));
    const int64_t end = std::min(axis.in, static_cast<int64_t>(center + support + 0.5));
    double total = 0;
    for (int64_t k = begin; k < end; ++k) {
      const double distance = std::abs((static_cast<double>(k) - center + 0.5) * (1.0 / support));
      total += w[static_cast<size_t>(k - begin)] = std::max(0.0, 1.0 - distance);
    }
    for (int64_t k = 0; k < end - begin; ++k)
      taps.weight[static_cast<size_t>(i * taps.width + k)] =
          static_cast<int32_t>(0.5 + w[static_cast<size_t>(k)] / total * (1 << kPrecisionBits));
    taps.begin.push_back(begin);
    taps.length.push_back(end - begin);
  }
  return taps;
}

uint8_t rounded(int32_t sum) { return static_cast<uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255)); }

// u8 [rows,in,3] -> u8 [rows,count,3].
std::vector<uint8_t> resize_rows(const uint8_t* x, int64_t rows, const Axis& axis) {
  const Taps taps = make_taps(axis);
  std::vector<uint8_t> y(static_cast<size_t>(rows * axis.count * 3));
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t i = 0; i < axis.count; ++i) {
      const auto at = static_cast<size_t>(i);
      const uint8_t* in = x + (r * axis.in + taps.begin[at]) * 3;
      const int32_t* w = taps.weight.data() + i * taps.width;
      int32_t sum[3] = {1 << (kPrecisionBits - 1), 1 << (kPrecisionBits - 1), 1 << (kPrecisionBits - 1)};
      for (int64_t k = 0; k < taps.length[at]; ++k)
        for (int c = 0; c < 3; ++c) sum[c] += in[k * 3 + c] * w[k];
      for (int c = 0; c < 3; ++c) y[static_cast<size_t>((r * axis.count + i) * 3 + c)] = rounded(sum[c]);
    }
  return y;
}

// u8 [in,row] -> u8 [count,row] at y; `row` values are treated alike. x is row `x_first` of the input on.
void resize_columns(const uint8_t* x, int64_t x_first, int64_t row, const Taps& taps, uint8_t* y) {
  std::vector<int32_t> sum(static_cast<size_t>(row));
  for (size_t i = 0; i < taps.begin.size(); ++i) {
    std::fill(sum.begin(), sum.end(), 1 << (kPrecisionBits - 1));
    for (int64_t k = 0; k < taps.length[i]; ++k) {
      const uint8_t* in = x + (taps.begin[i] - x_first + k) * row;
      const int32_t w = taps.weight[i * static_cast<size_t>(taps.width) + static_cast<size_t>(k)];
      for (size_t j = 0; j < sum.size(); ++j) sum[j] += in[j] * w;
    }
    for (int32_t s : sum) *y++ = rounded(s);
  }
}

}  // namespace

Tensor resize_and_crop(const Tensor& image, int64_t size) {
  const Shape& shape = image.shape();
  CHECK(shape.rank() == 3 && shape[2] == 3 && shape[0] > 0 && shape[1] > 0, "a picture of shape ", shape,
        "; [height,width,3] was expected");
  CHECK(size > 0, "pictures of size ", size, ": it must be positive");
  const int64_t height = shape[0], width = shape[1], shorter = std::min(height, width);
  const auto axis = [&](int64_t in) {
    const int64_t out = size * in / shorter;
    return Axis{in, out, std::lrint(static_cast<double>(out - size) / 2.0), size};
  };
  const Axis across = axis(width), down = axis(height);
  const Taps taps = make_taps(down);
  const int64_t first = taps.begin.front(), last = taps.begin.back() + taps.length.back();
  const uint8_t* rows = image.as<uint8_t>().data() + first * width * 3;
  std::vector<uint8_t> resized;
  if (across.in != across.out || across.count != across.in) {
    resized = resize_rows(rows, last - first, across);
    rows = resized.data();
  }
  Tensor y({size, size, 3}, DType::u8);
  resize_columns(rows, first, size * 3, taps, y.as<uint8_t>().data());
  return y;
}

}  // namespace resnet
