// Fills batches: which samples belong to one, and how each looks after augmentation. No threads here; the loader calls
// fill() from many.
#pragma once

#include <memory>
#include <vector>

#include "data/augmenter.h"
#include "resnet/data.h"

namespace resnet {

class Batcher {
 public:
  /// Buffers of one thread, kept between calls.
  using Scratch = Augmenter::Scratch;

  /// Throws Error for settings that cannot work (batch, padding, an empty set, preprocessing).
  Batcher(std::shared_ptr<const Dataset> data, const Preprocessing& preprocessing, const LoaderOptions& options);

  int64_t batches_per_epoch() const;
  Batch make_buffer() const;
  /// Draws the epoch's order: with shuffle a permutation that is a function of (seed, epoch). Not while fill() runs.
  void set_epoch(int64_t epoch);
  /// Batch `number` of the epoch into `batch` (from make_buffer()). Thread-safe. Throws what reading a picture throws.
  void fill(int64_t number, Batch& batch, Scratch& scratch) const;
  /// The same in parts: begin() says how many pictures there are, then fill_rows() makes those of [from, to), which
  /// several threads may do at once, then finish() mixes them.
  int64_t begin(int64_t number, Batch& batch) const;
  void fill_rows(int64_t number, Batch& batch, int64_t from, int64_t to, Scratch& scratch) const;
  void finish(int64_t number, Batch& batch) const;

 private:
  std::shared_ptr<const Dataset> data_;
  Augmenter augmenter_;
  LoaderOptions options_;
  int64_t epoch_ = 0;
  std::vector<uint32_t> order_;
};

}  // namespace resnet
