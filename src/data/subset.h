// A run of consecutive pictures of another data set: how the 45k/5k split is made.
#pragma once

#include <memory>
#include <utility>

#include "resnet/data.h"

namespace resnet {

class Subset : public Dataset {
 public:
  /// Pictures [first, first + count) of `all`.
  Subset(std::shared_ptr<const Dataset> all, int64_t first, int64_t count)
      : all_(std::move(all)), first_(first), count_(count) {}

  int64_t size() const override { return count_; }
  const std::vector<std::string>& classes() const override { return all_->classes(); }
  int label(int64_t i) const override { return all_->label(first_ + i); }
  Tensor image(int64_t i) const override { return all_->image(first_ + i); }
  void image_into(int64_t i, int64_t size, uint8_t* out) const override { all_->image_into(first_ + i, size, out); }
  std::string id(int64_t i) const override { return all_->id(first_ + i); }

 private:
  std::shared_ptr<const Dataset> all_;
  int64_t first_, count_;
};

}  // namespace resnet
