// Antialiased resizing in fixed point, in the two passes and with the roundings of Pillow 13, so that pictures get the same
// bytes as in training pipelines built on it. Only the window that the crop keeps is computed.
#include "data/resize.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "core/check.h"
#include "data/resize_loops.h"

namespace resnet {

namespace {

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

Taps make_taps(const Axis& axis, const Filter& filter) {
  const double scale = axis.extent / static_cast<double>(axis.out), filter_scale = std::max(scale, 1.0);
  const double support = filter.support * filter_scale, inverse = 1.0 / filter_scale;
  Taps taps;
  taps.width = (static_cast<int64_t>(std::ceil(support)) * 2 + 1 + 3) / 4 * 4;
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
  for (const int32_t v : taps.weight) {
    taps.high.push_back(static_cast<int16_t>(v >> kLowBits));
    taps.low.push_back(static_cast<int16_t>(v & ((1 << kLowBits) - 1)));
  }
  return taps;
}

Range range_of(const Taps& taps) {
  return {taps.begin.front(), taps.begin.back() + taps.length.back() - taps.begin.front()};
}

// What lies between the passes; kept by each thread.
uint8_t* scratch(int64_t bytes) {
  thread_local std::vector<uint8_t> buffer;
  if (buffer.size() < static_cast<size_t>(bytes)) buffer.resize(static_cast<size_t>(bytes));
  return buffer.data();
}

// Pillow 13 begins with the columns where they shrink by more than twice as many pixels as the rows.
bool down_comes_first(const Axis& down, const Axis& across) {
  return down.in > down.out && down.in - down.out > 2 * (across.in - across.out);
}

bool changes(const Axis& axis) { return axis.in != axis.out || axis.extent != static_cast<double>(axis.in); }

}  // namespace

void resize_window(const uint8_t* x, int64_t stride, const Axis& down, const Axis& across, Interpolation interpolation,
                   uint8_t* y) {
  if (!changes(down) && !changes(across)) {
    const uint8_t* row = x + (down.first - down.origin) * stride + (across.first - across.origin) * 3;
    for (int64_t i = 0; i < down.count; ++i, row += stride, y += across.count * 3)
      std::memcpy(y, row, static_cast<size_t>(across.count * 3));
    return;
  }
  const Filter filter = filter_of(interpolation);
  const ResizeLoops& loops = resize_loops();
  const Taps rows = make_taps(down, filter);
  const Range needed = range_of(rows);
  if (!changes(across)) {
    loops.down(x + (across.first - across.origin) * 3, down.origin, stride, across.count * 3, rows, y);
    return;
  }
  const Taps columns = make_taps(across, filter);
  if (changes(down) && down_comes_first(down, across)) {
    const Range seen = range_of(columns);
    uint8_t* between = scratch(down.count * seen.count * 3);
    loops.down(x + (seen.first - across.origin) * 3, down.origin, stride, seen.count * 3, rows, between);
    loops.across(between, seen.first, down.count, seen.count * 3, columns, y);
  } else if (changes(down)) {
    uint8_t* between = scratch(needed.count * across.count * 3);
    loops.across(x + (needed.first - down.origin) * stride, across.origin, needed.count, stride, columns, between);
    loops.down(between, needed.first, across.count * 3, across.count * 3, rows, y);
  } else {
    loops.across(x + (down.first - down.origin) * stride, across.origin, down.count, stride, columns, y);
  }
}

Range samples_of(const Axis& axis, Interpolation interpolation) {
  if (!changes(axis)) return {axis.first, axis.count};
  Axis ends[2] = {axis, axis};
  ends[1].first += axis.count - 1;
  ends[0].count = ends[1].count = 1;
  const Filter filter = filter_of(interpolation);
  const Range begin = range_of(make_taps(ends[0], filter)), end = range_of(make_taps(ends[1], filter));
  return {begin.first, end.first + end.count - begin.first};
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
