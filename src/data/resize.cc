// Antialiased resizing in fixed point, in the two passes and with the roundings of Pillow, so that pictures get the same
// bytes as in training pipelines built on it. Only the window that the crop keeps is computed.
#include "data/resize.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/check.h"

namespace resnet {

namespace {

constexpr int kPrecisionBits = 22;  // of the coefficients: 8-bit values and sums fit an int

struct Filter {
  double support;  // half its width, in samples of the coarser axis
  double (*weight)(double distance);
};

double triangle(double x) { return std::max(0.0, 1.0 - std::abs(x)); }

// Keys' cubic with a = -1/2, as Pillow's BICUBIC writes it.
double cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

Filter filter_of(Interpolation interpolation) {
  return interpolation == Interpolation::bicubic ? Filter{2.0, cubic} : Filter{1.0, triangle};
}

int32_t fixed(double weight) {
  return static_cast<int32_t>((weight < 0 ? -0.5 : 0.5) + weight * (1 << kPrecisionBits));
}

// For each output position, the input samples it is made of and their weights.
struct Taps {
  int64_t width;  // weights stored a position
  std::vector<int64_t> begin, length;
  std::vector<int32_t> weight;  // [count, width], fixed point
};

Taps make_taps(const Axis& axis, const Filter& filter) {
  const double scale = axis.extent / static_cast<double>(axis.out), filter_scale = std::max(scale, 1.0);
  const double support = filter.support * filter_scale, inverse = 1.0 / filter_scale;
  Taps taps;
  taps.width = static_cast<int64_t>(std::ceil(support)) * 2 + 1;
  taps.weight.assign(static_cast<size_t>(axis.count * taps.width), 0);
  std::vector<double> w(static_cast<size_t>(taps.width));
  for (int64_t i = 0; i < axis.count; ++i) {
    const double center = (static_cast<double>(axis.first + i) + 0.5) * scale;
    const int64_t begin = std::max<int64_t>(0, static_cast<int64_t>(center - support + 0.5));
    const int64_t end = std::min(axis.in, static_cast<int64_t>(center + support + 0.5));
    double total = 0;
    for (int64_t k = begin; k < end; ++k)
      total += w[static_cast<size_t>(k - begin)] = filter.weight((static_cast<double>(k) - center + 0.5) * inverse);
    for (int64_t k = 0; k < end - begin; ++k)
      taps.weight[static_cast<size_t>(i * taps.width + k)] =
          fixed(total != 0 ? w[static_cast<size_t>(k)] / total : w[static_cast<size_t>(k)]);
    taps.begin.push_back(begin);
    taps.length.push_back(end - begin);
  }
  return taps;
}

uint8_t rounded(int32_t sum) { return static_cast<uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255)); }

// u8 [rows,stride/3,3] -> u8 [rows,count,3].
std::vector<uint8_t> resize_rows(const uint8_t* x, int64_t rows, int64_t stride, const Axis& axis, const Taps& taps) {
  std::vector<uint8_t> y(static_cast<size_t>(rows * axis.count * 3));
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t i = 0; i < axis.count; ++i) {
      const auto at = static_cast<size_t>(i);
      const uint8_t* in = x + r * stride + taps.begin[at] * 3;
      const int32_t* w = taps.weight.data() + i * taps.width;
      int32_t sum[3] = {1 << (kPrecisionBits - 1), 1 << (kPrecisionBits - 1), 1 << (kPrecisionBits - 1)};
      for (int64_t k = 0; k < taps.length[at]; ++k)
        for (int c = 0; c < 3; ++c) sum[c] += in[k * 3 + c] * w[k];
      for (int c = 0; c < 3; ++c) y[static_cast<size_t>((r * axis.count + i) * 3 + c)] = rounded(sum[c]);
    }
  return y;
}

// Rows of `stride` bytes at x, the first of which is row `x_first` -> u8 [count,row] at y; values are treated alike.
void resize_columns(const uint8_t* x, int64_t x_first, int64_t stride, int64_t row, const Taps& taps, uint8_t* y) {
  std::vector<int32_t> sum(static_cast<size_t>(row));
  for (size_t i = 0; i < taps.begin.size(); ++i) {
    std::fill(sum.begin(), sum.end(), 1 << (kPrecisionBits - 1));
    for (int64_t k = 0; k < taps.length[i]; ++k) {
      const uint8_t* in = x + (taps.begin[i] - x_first + k) * stride;
      const int32_t w = taps.weight[i * static_cast<size_t>(taps.width) + static_cast<size_t>(k)];
      for (size_t j = 0; j < sum.size(); ++j) sum[j] += in[j] * w;
    }
    for (int32_t s : sum) *y++ = rounded(s);
  }
}

bool changes(const Axis& axis) { return axis.in != axis.out || axis.extent != static_cast<double>(axis.in); }

}  // namespace

void resize_window(const uint8_t* x, int64_t stride, const Axis& down, const Axis& across, Interpolation interpolation,
                   uint8_t* y) {
  const Filter filter = filter_of(interpolation);
  const Taps rows = make_taps(down, filter);
  const int64_t first = rows.begin.front(), last = rows.begin.back() + rows.length.back();
  std::vector<uint8_t> resized;
  x += first * stride;
  if (changes(across)) {
    resized = resize_rows(x, last - first, stride, across, make_taps(across, filter));
    x = resized.data();
    stride = across.count * 3;
  } else {
    x += across.first * 3;
  }
  resize_columns(x, first, stride, across.count * 3, rows, y);
}

FitAxes fit_axes(int64_t height, int64_t width, const Fit& fit) {
  CHECK(height > 0 && width > 0, "a picture of ", height, "x", width, " pixels");
  CHECK(fit.size > 0, "pictures of size ", fit.size, ": it must be positive");
  CHECK(fit.resize >= fit.size, "the shorter side is resized to ", fit.resize, ", less than the crop's ", fit.size);
  const int64_t shorter = std::min(height, width);
  const auto axis = [&](int64_t in) {
    const int64_t out = fit.resize * in / shorter;
    // torchvision's rounding: halves go to the even number.
    return Axis{in, static_cast<double>(in), out, std::lrint(static_cast<double>(out - fit.size) / 2.0), fit.size};
  };
  return {axis(height), axis(width)};
}

Tensor resize_and_crop(const Tensor& image, const Fit& fit) {
  const Shape& shape = image.shape();
  CHECK(shape.rank() == 3 && shape[2] == 3 && shape[0] > 0 && shape[1] > 0, "a picture of shape ", shape,
        "; [height,width,3] was expected");
  const FitAxes axes = fit_axes(shape[0], shape[1], fit);
  Tensor y({fit.size, fit.size, 3}, DType::u8);
  resize_window(image.as<uint8_t>().data(), shape[1] * 3, axes.down, axes.across, fit.interpolation,
                y.as<uint8_t>().data());
  return y;
}

Tensor resize_shorter_side(const Tensor& image, int64_t shorter, Interpolation interpolation) {
  const Shape& shape = image.shape();
  CHECK(shape.rank() == 3 && shape[2] == 3 && shape[0] > 0 && shape[1] > 0, "a picture of shape ", shape,
        "; [height,width,3] was expected");
  FitAxes axes = fit_axes(shape[0], shape[1], Fit(shorter));
  for (Axis* axis : {&axes.down, &axes.across}) {
    axis->first = 0;
    axis->count = axis->out;
  }
  Tensor y({axes.down.out, axes.across.out, 3}, DType::u8);
  resize_window(image.as<uint8_t>().data(), shape[1] * 3, axes.down, axes.across, interpolation,
                y.as<uint8_t>().data());
  return y;
}

}  // namespace resnet
