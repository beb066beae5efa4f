// Inference depth-first: every thread takes pictures of its own through the network, as many at a time as its second-level
// cache has room for, so that activations seldom reach memory and threads do not wait for each other after every layer.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/compile.h"

namespace resnet {

class DepthFirst {
 public:
  /// Whether the batch can be shared out evenly.
  static bool fits(const CompileOptions& options);
  /// `graph`: after the passes.
  DepthFirst(const Graph& graph, const CompileOptions& options);
  ~DepthFirst();

  void bind(StateDict& params);
  void pack();
  /// input: f32 [N,H,W,C]; logits: f32, all pictures'.
  void run(const float* input, float* logits);
  void profile(bool on);
  using Observer = std::function<void(const std::string& name, const Tensor& y)>;
  /// Is called by one thread at a time, with some of the pictures.
  void observe(Observer observer) { observer_ = std::move(observer); }

  /// The steps of all segments in order; their shapes are those of the pictures that are taken together.
  struct StepView {
    const Compiled& compiled;
    const Step& step;
    int64_t times;   ///< that it runs for a batch, all threads together
    double seconds;  ///< a batch, the mean of the threads
  };
  std::vector<StepView> steps() const;
  int64_t arena_bytes() const;
  int64_t arena_bytes_no_reuse() const;

 private:
  struct Worker;
  struct Segment;
  void run_thread(size_t thread, const float* input, float* logits);

  const int64_t batch_;
  const size_t threads_;
  std::vector<std::unique_ptr<Segment>> segments_;
  std::vector<Tensor> between_;  // outputs of all segments but the last, all pictures
  Observer observer_;
  bool profiling_ = false;
  int64_t calls_ = 0;
};

}  // namespace resnet
