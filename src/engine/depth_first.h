// Inference depth-first: a thread takes pictures through a part of the network, as many at a time as its second-level cache
// has room for, and then the next ones that nobody has taken. So activations seldom reach memory, threads wait for each other
// between parts instead of layers, and one that something else slows down takes fewer pictures.
#pragma once

#include <atomic>
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
  void run_pictures(size_t segment, size_t thread, int64_t n, const float* input, float* logits);

  const int64_t batch_;
  const size_t threads_;
  std::vector<std::unique_ptr<Segment>> segments_;
  std::vector<Tensor> between_;              // outputs of all segments but the last, all pictures
  std::vector<std::atomic<int64_t>> taken_;  // pictures of each thread's share, in the segment that runs
  Observer observer_;
  bool profiling_ = false;
  int64_t calls_ = 0;
};

}  // namespace resnet
