#include "data/batcher.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "core/check.h"
#include "core/rng.h"

namespace resnet {

namespace {

// The permutation's stream; augmentation uses the streams below it, one a sample.
constexpr uint64_t kOrderStream = std::numeric_limits<uint64_t>::max();

}  // namespace

Batcher::Batcher(std::shared_ptr<const Dataset> data, const Preprocessing& preprocessing, const LoaderOptions& options)
    : data_(std::move(data)), normalizer_(preprocessing), options_(options) {
  CHECK(options.batch > 0, "batches of ", options.batch, " pictures: at least one is needed");
  CHECK(data_ != nullptr && data_->size() > 0, "no pictures to make batches of");
  CHECK(data_->size() <= std::numeric_limits<uint32_t>::max(), "a data set of ", data_->size(),
        " pictures; 2^32-1 at most");
  CHECK(options.augmentation.pad >= 0 && options.augmentation.pad <= normalizer_.size(), "padding by ",
        options.augmentation.pad, " pixels a side; 0 to ", normalizer_.size(), " (the picture's size) are possible");
  CHECK(batches_per_epoch() > 0, "a data set of ", data_->size(), " pictures gives no full batch of ", options.batch,
        ": take a smaller batch, or keep the incomplete one (drop_last = false)");
  order_.resize(static_cast<size_t>(data_->size()));
}

int64_t Batcher::batches_per_epoch() const {
  const int64_t extra = options_.drop_last ? 0 : options_.batch - 1;
  return (data_->size() + extra) / options_.batch;
}

Batch Batcher::make_buffer() const {
  const int64_t size = normalizer_.size();
  Batch batch;
  batch.images = Tensor({options_.batch, size, size, 3});
  batch.labels = Tensor({options_.batch}, DType::i32);
  batch.index.reserve(static_cast<size_t>(options_.batch));
  return batch;
}

void Batcher::set_epoch(int64_t epoch) {
  epoch_ = epoch;
  std::iota(order_.begin(), order_.end(), 0u);
  if (!options_.shuffle) return;
  Rng rng(options_.seed, static_cast<uint64_t>(epoch), kOrderStream);
  for (auto left = static_cast<uint32_t>(order_.size()); left > 1; --left)
    std::swap(order_[left - 1], order_[rng.below(left)]);
}

void Batcher::fill(int64_t number, Batch& batch, Scratch& scratch) const {
  fill_rows(number, batch, 0, begin(number, batch), scratch);
}

int64_t Batcher::begin(int64_t number, Batch& batch) const {
  const int64_t values = normalizer_.size() * normalizer_.size() * 3;
  batch.count = std::min(options_.batch, data_->size() - number * options_.batch);
  batch.index.resize(static_cast<size_t>(batch.count));
  float* x = batch.images.f32();
  int32_t* labels = batch.labels.i32();
  std::fill(x + batch.count * values, x + options_.batch * values, 0.0f);
  std::fill(labels + batch.count, labels + options_.batch, 0);
  return batch.count;
}

void Batcher::fill_rows(int64_t number, Batch& batch, int64_t from, int64_t to, Scratch& scratch) const {
  const int64_t size = normalizer_.size(), values = size * size * 3;
  scratch.picture.resize(static_cast<size_t>(values));
  scratch.row.resize(static_cast<size_t>(size * 3));
  for (int64_t n = from; n < to; ++n) {
    const int64_t sample = order_[static_cast<size_t>(number * options_.batch + n)];
    data_->image_into(sample, normalizer_.fit(), scratch.picture.data());
    augment(sample, scratch.picture.data(), scratch.row, batch.images.f32() + n * values);
    batch.labels.i32()[n] = data_->label(sample);
    batch.index[static_cast<size_t>(n)] = sample;
  }
}

// The window of the zero-padded, normalised picture that begins at (top, left), mirrored or not. Normalising comes
// first, so that the padding is zero whatever the mean.
void Batcher::augment(int64_t sample, const uint8_t* picture, std::vector<float>& row, float* out) const {
  const int64_t size = normalizer_.size(), pad = options_.augmentation.pad;
  Rng rng(options_.seed, static_cast<uint64_t>(epoch_), static_cast<uint64_t>(sample));
  int64_t top = 0, left = 0;  // in the picture's own coordinates
  if (pad > 0) {
    top = static_cast<int64_t>(rng.below(static_cast<uint32_t>(2 * pad + 1))) - pad;
    left = static_cast<int64_t>(rng.below(static_cast<uint32_t>(2 * pad + 1))) - pad;
  }
  const bool mirror = options_.augmentation.flip && rng.below(2) == 1;
  const int64_t begin = std::max<int64_t>(left, 0), end = std::min(size, left + size);  // columns that are seen
  for (int64_t y = 0; y < size; ++y, out += size * 3) {
    const int64_t from = y + top;
    if (from < 0 || from >= size || begin >= end) {
      std::fill_n(out, size * 3, 0.0f);
      continue;
    }
    float* target = mirror ? row.data() : out;
    std::fill_n(target, (begin - left) * 3, 0.0f);
    normalizer_.row(from, begin, end - begin, picture + (from * size + begin) * 3, target + (begin - left) * 3);
    std::fill_n(target + (end - left) * 3, (left + size - end) * 3, 0.0f);
    if (!mirror) continue;
    for (int64_t x = 0; x < size; ++x)
      for (int64_t c = 0; c < 3; ++c) out[x * 3 + c] = row[static_cast<size_t>((size - 1 - x) * 3 + c)];
  }
}

}  // namespace resnet
