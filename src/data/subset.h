// Some pictures of another data set: how a part of the training pictures is held out.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "core/check.h"
#include "resnet/data.h"

namespace resnet {

class Subset : public Dataset {
 public:
  /// The pictures `index` of `all`, in that order.
  Subset(std::shared_ptr<const Dataset> all, std::vector<uint32_t> index)
      : all_(std::move(all)), index_(std::move(index)) {}

  int64_t size() const override { return static_cast<int64_t>(index_.size()); }
  const std::vector<std::string>& classes() const override { return all_->classes(); }
  int label(int64_t i) const override { return all_->label(at(i)); }
  Tensor image(int64_t i) const override { return all_->image(at(i)); }
  PicturePart part(int64_t i, const ChoosePart& choose) const override { return all_->part(at(i), choose); }
  void image_into(int64_t i, const Fit& fit, uint8_t* out) const override { all_->image_into(at(i), fit, out); }
  std::string id(int64_t i) const override { return all_->id(at(i)); }
  bool unreadable(int64_t i) const override { return all_->unreadable(at(i)); }
  std::vector<std::string> unreadable_pictures() const override { return all_->unreadable_pictures(); }

 private:
  int64_t at(int64_t i) const {
    CHECK(i >= 0 && i < size(), "picture ", i, " of a data set of ", size());
    return index_[static_cast<size_t>(i)];
  }

  std::shared_ptr<const Dataset> all_;
  std::vector<uint32_t> index_;
};

}  // namespace resnet
