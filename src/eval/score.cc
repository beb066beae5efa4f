// Counting right and wrong answers.
#include <algorithm>
#include <cmath>

#include "eval/evaluator.h"

namespace resnet {

namespace {

/// How many other logits are not below the label's (of equal ones, those before it); all of them when it is not a number.
int64_t rank_of(const float* logits, int64_t classes, int label) {
  const float own = logits[label];
  int64_t rank = 0;
  for (int64_t k = 0; k < classes; ++k) {
    const bool below = logits[k] < own || (logits[k] == own && k > label);
    if (k != label && !below) ++rank;
  }
  return rank;
}

double cross_entropy(const float* logits, int64_t classes, int label) {
  const double top = *std::max_element(logits, logits + classes);
  double sum = 0;
  for (int64_t k = 0; k < classes; ++k) sum += std::exp(logits[k] - top);
  return std::log(sum) + top - logits[label];
}

}  // namespace

Score::Score(int64_t classes) : classes_(classes), confusion_(static_cast<size_t>(classes * classes)) {}

void Score::add(const float* logits, int label) {
  const int64_t rank = rank_of(logits, classes_, label);
  const int64_t predicted = std::max_element(logits, logits + classes_) - logits;
  ++samples_;
  if (rank < 1) ++top1_;
  if (rank < 5) ++top5_;
  loss_ += cross_entropy(logits, classes_, label);
  ++confusion_[static_cast<size_t>(label * classes_ + predicted)];
}

EvalResult Score::result(const std::vector<std::string>& classes) const {
  const double n = static_cast<double>(std::max<int64_t>(samples_, 1));
  return {.samples = samples_,
          .loss = loss_ / n,
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
