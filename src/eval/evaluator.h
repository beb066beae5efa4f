// Accuracy of one or several networks on a data set, exact about the number of samples. Training uses it between epochs with
// the weights it is changing; evaluate() with those of files.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "eval/network.h"
#include "eval/score.h"
#include "eval/view_loader.h"
#include "resnet/eval.h"

namespace resnet {

class Evaluator {
 public:
  struct Subject {
    const Graph& graph;
    StateDict& weights;  ///< shared; may change between runs
    Preprocessing preprocessing;
    std::vector<std::string> classes;  ///< of the model's outputs
    bool int8 = false;                 ///< as in Checkpoint
  };

  /// The scores of several subjects are averaged. Throws Error when their classes differ, or the data's are not among them.
  Evaluator(const std::vector<Subject>& subjects, std::shared_ptr<const Dataset> data, const EvalOptions& options);

  /// Empty when keep_going said no between two batches.
  std::optional<EvalResult> run(const ProgressFn& progress = {}, const std::function<bool()>& keep_going = {});

 private:
  struct Member {
    Network network;
    std::vector<int> output_of;  // class of the first member -> output of this one
  };
  void count(const ViewLoader::Chunk& chunk, Score& score, int64_t& left_out);

  std::shared_ptr<const Dataset> data_;
  EvalOptions options_;
  std::vector<std::string> classes_;
  std::vector<int> label_of_;  // the data's label -> the class
  std::vector<Member> members_;
};

}  // namespace resnet
