// Accuracy of a network on a data set, exact about the number of samples. Training uses it between epochs with the
// weights it is changing; evaluate() with those of a file.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "resnet/eval.h"
#include "resnet/graph.h"
#include "resnet/plan.h"

namespace resnet {

class Evaluator {
 public:
  struct Subject {
    const Graph& graph;
    StateDict& weights;  ///< shared; may change between runs
    Preprocessing preprocessing;
    std::vector<std::string> classes;  ///< of the model's outputs
  };

  /// Throws Error when the data's classes are not among the model's.
  Evaluator(const Subject& subject, std::shared_ptr<const Dataset> data, const EvalOptions& options);

  /// Empty when keep_going said no between two batches.
  std::optional<EvalResult> run(const ProgressFn& progress = {}, const std::function<bool()>& keep_going = {});

 private:
  std::shared_ptr<const Dataset> data_;
  EvalOptions options_;
  Preprocessing preprocessing_;
  std::vector<std::string> classes_;
  std::vector<int> label_of_;  // the data's label -> the model's output
  StateDict weights_;
  Plan plan_;
};

/// Top-1, top-5, loss and confusion of rows of logits, added up.
class Score {
 public:
  explicit Score(int64_t classes);
  /// One row of `classes` logits. A row with a value that is not a number counts as wrong.
  void add(const float* logits, int label);
  EvalResult result(const std::vector<std::string>& classes) const;
  int64_t samples() const { return samples_; }

 private:
  int64_t classes_, samples_ = 0, top1_ = 0, top5_ = 0;
  double loss_ = 0;
  std::vector<int64_t> confusion_;
};

/// How many of `n` rows of [n, classes] logits have their label's logit not at the top.
int64_t count_wrong(const float* logits, const int32_t* labels, int64_t n, int64_t classes);

}  // namespace resnet
