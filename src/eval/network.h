// A trained network for pictures of any shape: plans for the shapes and numbers of views that come, those that were used last,
// as many as a bound of memory allows.
#pragma once

#include <list>
#include <vector>

#include "eval/views.h"
#include "resnet/graph.h"
#include "resnet/plan.h"

namespace resnet {

class Network {
 public:
  struct Options {
    CompileOptions compile;          ///< `batch`: the most views at a time
    int64_t most_bytes = 1ll << 30;  ///< of all plans together, with packed weights (about); one is always kept
  };

  /// `weights` are shared and may change (then call params_changed()).
  Network(Graph graph, StateDict weights, Views views, Options options);

  const Views& views() const { return views_; }
  int64_t outputs() const;
  void params_changed();
  /// Adds to rows of `scores`, f64 [pictures, outputs()], the softmax outputs: the mean over each picture's views. `pictures`
  /// are what views() made.
  void add_scores(const std::vector<std::vector<Tensor>>& pictures, double* scores);
  /// Compiles the plan for `n` views of the net input's size, which otherwise happens when they come.
  void prepare(int64_t n);
  size_t plans() const { return plans_.size(); }

 private:
  struct Compiled {
    Shape shape;  // [views, height, width, 3]
    int64_t bytes;
    Plan plan;
  };
  Plan& plan_for(const Shape& shape);
  int64_t most_views(int64_t height, int64_t width) const;

  Graph graph_;
  StateDict weights_;
  Views views_;
  Options options_;
  std::list<Compiled> plans_;  // the one used last first
};

}  // namespace resnet
