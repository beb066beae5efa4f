#include "data/batcher.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "core/check.h"
#include "core/rng.h"
#include "data/augment/mix.h"

namespace resnet {

namespace {

// Streams of an epoch: those below 2^32 are the samples', then the batches', and the permutation's.
constexpr uint64_t kBatchStreams = uint64_t{1} << 32;
constexpr uint64_t kOrderStream = std::numeric_limits<uint64_t>::max();

}  // namespace

Batcher::Batcher(std::shared_ptr<const Dataset> data, const Preprocessing& preprocessing, const LoaderOptions& options)
    : data_(std::move(data)), augmenter_(preprocessing, options.augmentation), options_(options) {
  CHECK(options.batch > 0, "batches of ", options.batch, " pictures: at least one is needed");
  CHECK(data_ != nullptr && data_->size() > 0, "no pictures to make batches of");
  CHECK(data_->size() <= std::numeric_limits<uint32_t>::max(), "a data set of ", data_->size(),
        " pictures; 2^32-1 at most");
  CHECK(batches_per_epoch() > 0, "a data set of ", data_->size(), " pictures gives no full batch of ", options.batch,
        ": take a smaller batch, or keep the incomplete one (drop_last = false)");
  order_.resize(static_cast<size_t>(data_->size()));
}

int64_t Batcher::batches_per_epoch() const {
  const int64_t extra = options_.drop_last ? 0 : options_.batch - 1;
  return (data_->size() + extra) / options_.batch;
}

Batch Batcher::make_buffer() const {
  const int64_t size = augmenter_.size();
  Batch batch;
  batch.images = Tensor({options_.batch, size, size, 3});
  batch.labels = Tensor({options_.batch}, DType::i32);
  batch.other_labels = Tensor({options_.batch}, DType::i32);
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
  finish(number, batch);
}

int64_t Batcher::begin(int64_t number, Batch& batch) const {
  const int64_t values = augmenter_.size() * augmenter_.size() * 3;
  batch.count = std::min(options_.batch, data_->size() - number * options_.batch);
  batch.index.resize(static_cast<size_t>(batch.count));
  float* x = batch.images.f32();
  int32_t* labels = batch.labels.i32();
  std::fill(x + batch.count * values, x + options_.batch * values, 0.0f);
  std::fill(labels + batch.count, labels + options_.batch, 0);
  return batch.count;
}

void Batcher::fill_rows(int64_t number, Batch& batch, int64_t from, int64_t to, Scratch& scratch) const {
  const int64_t values = augmenter_.size() * augmenter_.size() * 3;
  for (int64_t n = from; n < to; ++n) {
    const int64_t sample = order_[static_cast<size_t>(number * options_.batch + n)];
    augmenter_.make(*data_, sample, {options_.seed, static_cast<uint64_t>(epoch_)}, scratch,
                    batch.images.f32() + n * values);
    batch.labels.i32()[n] = data_->label(sample);
    batch.index[static_cast<size_t>(n)] = sample;
  }
}

void Batcher::finish(int64_t number, Batch& batch) const {
  std::copy_n(batch.labels.i32(), options_.batch, batch.other_labels.i32());
  batch.share = 1;
  const Augmentation& a = options_.augmentation;
  if (a.mixup <= 0 && a.cutmix <= 0) return;
  Rng rng(options_.seed, static_cast<uint64_t>(epoch_), kBatchStreams + static_cast<uint64_t>(number));
  mix(batch, a, rng);
}

}  // namespace resnet
