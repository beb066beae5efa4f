#include "eval/views.h"

#include <array>
#include <cmath>
#include <cstring>

#include "core/check.h"
#include "data/resize.h"

namespace resnet {

namespace {

constexpr int64_t kTenCropPad = 4;         // around pictures that leave nothing to cut off
constexpr int64_t kMostPixels = 16 << 20;  // of one view

// A place in the picture, and whether what is there is mirrored afterwards.
struct Window {
  int64_t top, left;
  bool mirrored;
};

// In the order of torchvision's TenCrop: top left, top right, bottom left, bottom right and centre of the picture, then of its
// mirror image.
std::array<Window, 10> ten_windows(int64_t height, int64_t width, int64_t size) {
  const int64_t bottom = height - size, right = width - size;
  const auto half = [](int64_t n) { return std::lrint(static_cast<double>(n) / 2.0); };  // halves go to the even number
  const std::array<Window, 5> five = {{{0, 0, false},
                                       {0, right, false},
                                       {bottom, 0, false},
                                       {bottom, right, false},
                                       {half(bottom), half(right), false}}};
  std::array<Window, 10> ten;
  for (size_t i = 0; i < 5; ++i) {
    ten[i] = five[i];
    ten[5 + i] = {five[i].top, right - five[i].left, true};
  }
  return ten;
}

// [H,W,3] of any dtype -> [size,size,3].
Tensor cut(const Tensor& x, const Window& window, int64_t size) {
  Tensor y({size, size, 3}, x.dtype());
  const auto pixel = static_cast<int64_t>(3 * size_of(x.dtype()));
  const auto* from = static_cast<const char*>(x.raw());
  auto* to = static_cast<char*>(y.raw());
  for (int64_t row = 0; row < size; ++row)
    std::memcpy(to + row * size * pixel, from + ((window.top + row) * x.shape()[1] + window.left) * pixel,
                static_cast<size_t>(size * pixel));
  return y;
}

// f32 [H,W,3], left and right exchanged.
Tensor mirrored(const Tensor& x) {
  Tensor y(x.shape());
  const int64_t height = x.shape()[0], width = x.shape()[1];
  for (int64_t row = 0; row < height; ++row)
    for (int64_t column = 0; column < width; ++column)
      std::memcpy(y.f32() + (row * width + column) * 3, x.f32() + (row * width + width - 1 - column) * 3,
                  3 * sizeof(float));
  return y;
}

// f32 [H,W,3] with `pad` zeros on each side.
Tensor padded(const Tensor& x, int64_t pad) {
  const int64_t height = x.shape()[0], width = x.shape()[1];
  Tensor y({height + 2 * pad, width + 2 * pad, 3});
  for (int64_t row = 0; row < height; ++row)
    std::memcpy(y.f32() + ((row + pad) * (width + 2 * pad) + pad) * 3, x.f32() + row * width * 3,
                static_cast<size_t>(width * 3) * sizeof(float));
  return y;
}

Tensor normalized_by(const Normalizer& normalizer, const Tensor& picture) {
  const int64_t height = picture.shape()[0], width = picture.shape()[1];
  Tensor y(picture.shape());
  const uint8_t* x = picture.as<uint8_t>().data();
  for (int64_t row = 0; row < height; ++row)
    normalizer.row(row, 0, width, x + row * width * 3, y.f32() + row * width * 3);
  return y;
}

}  // namespace

Views::Views(const Preprocessing& preprocessing, const TestProtocol& protocol)
    : preprocessing_(preprocessing), protocol_(protocol), normalizer_(preprocessing) {
  CHECK(protocol.crops == 1 || protocol.crops == 10, protocol.crops, " crops of a picture: 1 or 10 are possible");
  CHECK(protocol.scales.empty() || (protocol.crops == 1 && !protocol.flip && protocol.shift == 0),
        "several scales are for whole pictures and their mirror images: leave crops, flip and shift alone");
  CHECK(!protocol.flip || protocol.crops == 1, "ten crops have mirror images already: leave flip alone");
  CHECK(protocol.shift == 0 || protocol.crops == 1, "ten crops are moved already: leave shift alone");
  CHECK(protocol.shift >= 0 && protocol.shift < preprocessing.size, "shift ", protocol.shift, ": a crop of ",
        preprocessing.size, "x", preprocessing.size, " moved by ", protocol.shift, " pixels; 0 to ",
        preprocessing.size - 1, " are possible");
  for (const int64_t scale : protocol.scales)
    CHECK(scale > 0, "pictures with a shorter side of ", scale, " pixels: it must be positive");
}

int64_t Views::pixels() const {
  int64_t sum = 0;
  for (const int64_t scale : protocol_.scales) sum += 2 * scale * scale * 3 / 2;
  return sum > 0 ? sum : count() * preprocessing_.size * preprocessing_.size;
}

int64_t Views::count() const {
  if (!protocol_.scales.empty()) return 2 * static_cast<int64_t>(protocol_.scales.size());
  return protocol_.crops * (protocol_.flip ? 2 : 1) * (protocol_.shift > 0 ? 3 : 1);
}

Tensor Views::normalized(const Tensor& picture) const { return normalized_by(normalizer_, picture); }

std::vector<Tensor> Views::of_crop(const Tensor& crop) const {
  const int64_t shift = protocol_.shift;
  std::vector<Tensor> views = {normalized(crop)};
  if (shift > 0) {
    const Tensor whole = padded(views[0], shift);
    for (const int64_t at : {int64_t{0}, 2 * shift}) views.push_back(cut(whole, {at, at, false}, preprocessing_.size));
  }
  for (size_t i = 0, n = views.size(); protocol_.flip && i < n; ++i) views.push_back(mirrored(views[i]));
  return views;
}

std::vector<Tensor> Views::ten_crops(const Tensor& picture) const {
  const int64_t size = preprocessing_.size;
  Tensor whole = resize_shorter_side(picture, preprocessing_.fit().resize, preprocessing_.interpolation);
  const bool small = whole.shape()[0] == size && whole.shape()[1] == size;
  if (small) whole = padded(normalized(whole), kTenCropPad);
  std::vector<Tensor> views;
  for (const Window& window : ten_windows(whole.shape()[0], whole.shape()[1], size)) {
    Tensor crop = cut(whole, window, size);
    if (!small) crop = normalized(crop);
    views.push_back(window.mirrored ? mirrored(crop) : crop);
  }
  return views;
}

std::vector<Tensor> Views::scaled(const Tensor& picture) const {
  std::vector<Tensor> views;
  const int64_t height = picture.shape()[0], width = picture.shape()[1];
  for (const int64_t scale : protocol_.scales) {
    const double longer = static_cast<double>(scale) * static_cast<double>(std::max(height, width)) /
                          static_cast<double>(std::min(height, width));
    CHECK(static_cast<double>(scale) * longer <= kMostPixels, "a picture of ", height, "x", width,
          " would have more than ", kMostPixels, " pixels with a shorter side of ", scale);
    const Tensor whole = resize_shorter_side(picture, scale, preprocessing_.interpolation);
    views.push_back(normalized_by(Normalizer(preprocessing_, whole.shape()[0], whole.shape()[1]), whole));
    views.push_back(mirrored(views.back()));
  }
  return views;
}

std::vector<Tensor> Views::of(const Tensor& picture) const {
  CHECK(
      picture.dtype() == DType::u8 && picture.shape().rank() == 3 && picture.shape()[2] == 3 && picture.elements() > 0,
      "a picture to classify is u8 [H,W,3], not ", picture.dtype(), " ", picture.shape());
  if (!protocol_.scales.empty()) return scaled(picture);
  return protocol_.crops == 10 ? ten_crops(picture) : of_crop(resize_and_crop(picture, preprocessing_.fit()));
}

std::vector<Tensor> Views::of(const Dataset& data, int64_t i) const {
  if (protocol_.scales.empty() && protocol_.crops == 1) {
    Tensor crop({preprocessing_.size, preprocessing_.size, 3}, DType::u8);
    data.image_into(i, preprocessing_.fit(), crop.as<uint8_t>().data());
    return of_crop(crop);
  }
  const Tensor picture = data.image(i);
  try {
    return of(picture);
  } catch (const Error& error) {
    throw Error(join(data.id(i), ": ", error.what()));
  }
}

}  // namespace resnet
