// Counting right and wrong answers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "resnet/eval.h"

namespace resnet {

/// Top-1, top-5, loss and confusion of rows of probabilities, added up.
class Score {
 public:
  explicit Score(int64_t classes);
  /// One row of `classes` probabilities. A row with a value that is not a number counts as wrong. Returns the likeliest class.
  int add(const double* probabilities, int label);
  EvalResult result(const std::vector<std::string>& classes) const;
  int64_t samples() const { return samples_; }
  double loss() const;  ///< the mean so far

 private:
  int64_t classes_, samples_ = 0, top1_ = 0, top5_ = 0;
  double loss_ = 0;
  std::vector<int64_t> confusion_;
};

/// How many of `n` rows of [n, classes] logits have their label's logit not at the top.
int64_t count_wrong(const float* logits, const int32_t* labels, int64_t n, int64_t classes);

}  // namespace resnet
