#include "eval/score.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace resnet {

namespace {

/// How many others are not below the label's (of equal ones, those before it); all of them when it is not a number.
template <class T> int64_t rank_of(const T* values, int64_t classes, int label) {
  const T own = values[label];
  int64_t rank = 0;
  for (int64_t k = 0; k < classes; ++k) {
    const bool below = values[k] < own || (values[k] == own && k > label);
    if (k != label && !below) ++rank;
  }
  return rank;
}

}  // namespace

Score::Score(int64_t classes) : classes_(classes), confusion_(static_cast<size_t>(classes * classes)) {}

int Score::add(const double* probabilities, int label) {
  const int64_t rank = rank_of(probabilities, classes_, label);
  const int64_t predicted = std::max_element(probabilities, probabilities + classes_) - probabilities;
  ++samples_;
  if (rank < 1) ++top1_;
  if (rank < 5) ++top5_;
  // Not below the smallest number, but what is no number stays that.
  loss_ -= std::log(std::max(probabilities[label], std::numeric_limits<double>::min()));
  ++confusion_[static_cast<size_t>(label * classes_ + predicted)];
  return static_cast<int>(predicted);
}

double Score::loss() const { return loss_ / static_cast<double>(std::max<int64_t>(samples_, 1)); }

EvalResult Score::result(const std::vector<std::string>& classes) const {
  const double n = static_cast<double>(std::max<int64_t>(samples_, 1));
  return {.samples = samples_,
          .loss = loss(),
          .top1 = 100.0 * static_cast<double>(top1_) / n,
          .top5 = 100.0 * static_cast<double>(top5_) / n,
          .confusion = confusion_,
          .classes = classes};
}

int64_t count_wrong(const float* logits, const int32_t* labels, int64_t n, int64_t classes) {
  int64_t wrong = 0;
  for (int64_t i = 0; i < n; ++i) wrong += rank_of(logits + i * classes, classes, labels[i]) > 0;
  return wrong;
}

}  // namespace resnet
