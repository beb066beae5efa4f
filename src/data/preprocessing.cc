// Means and standard deviations of training pictures, and the pictures normalised by them. Sums are exact integers, so
// that the number of threads changes no bit.
#include <algorithm>
#include <cmath>
#include <future>
#include <memory>
#include <thread>

#include "core/check.h"
#include "data/normalizer.h"
#include "resnet/data.h"

namespace resnet {

namespace {

struct Sums {
  std::vector<uint64_t> value;     // [size,size,3]
  uint64_t square[3] = {0, 0, 0};  // of all values of a channel
};

Sums sum_pictures(const Dataset& data, const Fit& fit, int64_t begin, int64_t end) {
  const auto values = static_cast<size_t>(fit.size * fit.size * 3);
  Sums sums{std::vector<uint64_t>(values, 0)};
  std::vector<uint8_t> picture(values);
  for (int64_t i = begin; i < end; ++i) {
    data.image_into(i, fit, picture.data());
    uint64_t square[3] = {0, 0, 0};
    for (size_t k = 0; k < values; k += 3)
      for (size_t c = 0; c < 3; ++c) {
        const uint32_t v = picture[k + c];
        sums.value[k + c] += v;
        square[c] += v * v;
      }
    for (size_t c = 0; c < 3; ++c) sums.square[c] += square[c];
  }
  return sums;
}

// Plain threads, because reading a picture may throw: the first error is rethrown here.
Sums sum_all(const Dataset& data, const Fit& fit) {
  const int64_t parts = std::clamp<int64_t>(std::thread::hardware_concurrency(), 1, 16);
  std::vector<std::future<Sums>> running;
  for (int64_t p = 0; p < parts; ++p)
    running.push_back(std::async(std::launch::async, sum_pictures, std::cref(data), std::cref(fit),
                                 data.size() * p / parts, data.size() * (p + 1) / parts));
  Sums total = running[0].get();
  for (size_t p = 1; p < running.size(); ++p) {
    const Sums part = running[p].get();
    for (size_t k = 0; k < total.value.size(); ++k) total.value[k] += part.value[k];
    for (int c = 0; c < 3; ++c) total.square[c] += part.square[c];
  }
  return total;
}

void set_pixel_mean(Preprocessing& p, const Sums& sums, int64_t pictures) {
  p.mean = Tensor({p.size, p.size, 3});
  float* mean = p.mean.f32();
  for (size_t k = 0; k < sums.value.size(); ++k)
    mean[k] = static_cast<float>(static_cast<double>(sums.value[k]) / (255.0 * static_cast<double>(pictures)));
}

// A channel that never varies keeps std 1.
void set_channel_statistics(Preprocessing& p, const Sums& sums, int64_t pictures) {
  const double count = static_cast<double>(pictures) * static_cast<double>(p.size * p.size);
  for (size_t c = 0; c < 3; ++c) {
    uint64_t sum = 0;
    for (size_t k = c; k < sums.value.size(); k += 3) sum += sums.value[k];
    const double mean = static_cast<double>(sum) / count;
    const double variance = std::max(0.0, static_cast<double>(sums.square[c]) / count - mean * mean);
    p.mean.f32()[c] = static_cast<float>(mean / 255.0);
    p.std.f32()[c] = variance > 0 ? static_cast<float>(std::sqrt(variance) / 255.0) : 1.0f;
  }
}

}  // namespace

Preprocessing measure_preprocessing(const Dataset& train, const std::string& kind, const Fit& fit) {
  CHECK(kind == "pixel" || kind == "channel" || kind == "imagenet" || kind == "none", "unknown normalisation '", kind,
        "': choose pixel (mean of each pixel), channel (mean and deviation of each channel), imagenet (its channels') ",
        "or none");
  CHECK(fit.size > 0, "pictures of size ", fit.size, ": it must be positive");
  Preprocessing p = imagenet_preprocessing(fit.size);
  p.resize = fit.resize;
  p.interpolation = fit.interpolation;
  if (kind == "imagenet") return p;
  p.mean = Tensor({3});
  p.std = Tensor({3});
  std::fill_n(p.std.f32(), 3, 1.0f);
  if (kind == "none") return p;
  CHECK(train.size() > 0, "no training pictures to measure the mean of");
  const Sums sums = sum_all(train, fit);
  if (kind == "pixel")
    set_pixel_mean(p, sums, train.size());
  else
    set_channel_statistics(p, sums, train.size());
  return p;
}

Preprocessing imagenet_preprocessing(int64_t size) {
  constexpr float kMean[] = {0.485f, 0.456f, 0.406f}, kStd[] = {0.229f, 0.224f, 0.225f};
  Preprocessing p;
  p.size = size;
  p.resize = std::max(size, size * 256 / 224);
  p.mean = Tensor({3});
  p.std = Tensor({3});
  std::copy_n(kMean, 3, p.mean.f32());
  std::copy_n(kStd, 3, p.std.f32());
  return p;
}

Normalizer::Normalizer(const Preprocessing& p, int64_t height, int64_t width)
    : size_(p.size), width_(width), fit_(p.fit()), every_row_(p.mean.shape().rank() == 3) {
  const Shape per_channel{3}, per_pixel{p.size, p.size, 3};
  CHECK(p.size > 0, "preprocessing to pictures of size ", p.size, ": it must be positive");
  CHECK(p.mean.shape() == per_channel || p.mean.shape() == per_pixel, "a mean of shape ", p.mean.shape(), "; ",
        per_channel, " (per channel) or ", per_pixel, " (per pixel) was expected");
  CHECK(p.std.shape() == per_channel, "a standard deviation of shape ", p.std.shape(), "; ", per_channel,
        " was expected");
  CHECK(!every_row_ || (height == p.size && width == p.size), "the weights subtract a mean of their own from each of ",
        p.size, "x", p.size, " pixels, so the network takes no picture of ", height, "x", width, "; one scale of ",
        p.size, ", crops and mirror images are possible");
  const float *mean = p.mean.f32(), *std = p.std.f32();
  for (int c = 0; c < 3; ++c)
    CHECK(std[c] > 0 && std::isfinite(std[c]), "standard deviation ", std[c], " of channel ", c,
          ": it must be positive");
  scale_.resize(static_cast<size_t>(width * 3));
  offset_.resize(static_cast<size_t>((every_row_ ? height : 1) * width * 3));
  for (size_t k = 0; k < scale_.size(); ++k) scale_[k] = 1.0f / (255.0f * std[k % 3]);
  for (size_t k = 0; k < offset_.size(); ++k) offset_[k] = mean[every_row_ ? k : k % 3] / std[k % 3];
}

void Normalizer::row(int64_t y, int64_t x0, int64_t count, const uint8_t* in, float* out) const {
  const float* scale = scale_.data() + x0 * 3;
  const float* offset = offset_.data() + ((every_row_ ? y * width_ : 0) + x0) * 3;
  for (int64_t k = 0; k < count * 3; ++k) out[k] = static_cast<float>(in[k]) * scale[k] - offset[k];
}

void normalize(const Tensor& image, const Preprocessing& preprocessing, float* out) {
  const Normalizer normalizer(preprocessing);
  const int64_t size = normalizer.size();
  const Shape wanted{size, size, 3};
  CHECK(image.shape() == wanted, "a picture of shape ", image.shape(), " where ", wanted,
        " was expected: resize_and_crop it");
  const uint8_t* in = image.as<uint8_t>().data();
  for (int64_t y = 0; y < size; ++y) normalizer.row(y, 0, size, in + y * size * 3, out + y * size * 3);
}

}  // namespace resnet
