// A network compiled for one batch size, mode and dtype: fused steps in order, the backward schedule, and every buffer's
// place in one arena. Running a plan allocates nothing and takes no decision.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "resnet/graph.h"
#include "resnet/tensor.h"

namespace resnet {

enum class Mode { infer, train };

struct CompileOptions {
  int64_t batch = 1;
  Mode mode = Mode::infer;
  DType dtype = DType::f32;     ///< of activations: f32, bf16, or u8: int8 inference with quantised weights
  std::string backend = "cpu";  ///< "cpu", or "ref" for the slow oracle
  bool fuse = true;             ///< run the fusion passes
  std::string conv = "auto";    ///< "auto", or "direct": convolutions without Winograd's algorithms
  float label_smoothing = 0;    ///< of the loss (train)
  bool soft_labels = false;     ///< the loss reads targets() instead of labels(), without smoothing (train)
  /// Checkpointing (train): the network is taken in so many parts, only what passes from one to the next is kept, and the
  /// rest is computed again in backward, to the same bits. 1: everything is kept; 0: as few parts as memory_limit needs.
  int64_t checkpoint = 1;
  int64_t memory_limit = 0;  ///< bytes, of training_bytes() with checkpoint = 0; 0: what is free on this machine
  /// Measures which implementation of a convolution is the fastest here, once, and remembers it in the user's cache.
  /// Without: a fixed order.
  bool tune = false;
  std::map<std::string, std::string> choices = {};  ///< with tune: of an earlier plan; these go before the cache
};

/// One line of a plan, for people and reports.
struct StepInfo {
  std::string name, op, kernel;
  std::string attributes;  ///< Op::describe()
  std::string why;         ///< why a better kernel was not taken; empty if none
  std::vector<Shape> x;
  Shape y;
  int64_t multiply_adds = 0;           ///< of forward
  int64_t backward_multiply_adds = 0;  ///< twice that (once where no dx is wanted); train mode
  int64_t forward_bytes = 0;           ///< read + written, activations and weights
  int64_t backward_bytes = 0;
  bool repeated = false;        ///< forward is computed again before backward (CompileOptions::checkpoint)
  double forward_seconds = 0;   ///< per call, mean since profile(true)
  double backward_seconds = 0;  ///< with the repetition
};

struct PlanMemory {
  int64_t arena_bytes = 0;           ///< with buffers reused
  int64_t arena_bytes_no_reuse = 0;  ///< had every buffer a place of its own
  int64_t parameter_bytes = 0;       ///< f32 masters
  int64_t gradient_bytes = 0;        ///< f32, in the arena
  int64_t parts = 1;                 ///< of the network, only whose borders' activations are kept
  /// Weights and momentum, and the arena.
  int64_t training_bytes() const { return arena_bytes + parameter_bytes + gradient_bytes; }
};

class Plan {
 public:
  /// Throws Error when a shape does not fit or no kernel takes a node.
  Plan(const Graph& graph, const CompileOptions& options);
  ~Plan();
  Plan(Plan&&) noexcept;
  Plan& operator=(Plan&&) noexcept;

  /// Uses these tensors as the parameters from now on (they are not copied; training updates them in place).
  /// Throws Error listing keys that are missing or whose shape differs; other keys are ignored.
  void bind(StateDict& params);
  /// To be called after the bound parameters were changed from outside, before the next forward. Frozen ones stay as they
  /// were at bind().
  void params_changed();

  Tensor& input();    ///< f32 [N,H,W,C], to be filled before forward()
  Tensor& labels();   ///< i32 [N], train mode
  Tensor& targets();  ///< f32 [N,K], train mode with soft labels
  /// What random nodes (dropout) draw in the passes that follow: a function of the seed and the step (train mode).
  void set_random(uint64_t seed, uint64_t step);
  void forward();                ///< train mode: also the loss, and the running statistics of batch norm
  void backward();               ///< writes gradients(); train mode, after forward()
  const Tensor& output() const;  ///< f32 [N,K] logits
  float loss() const;            ///< mean over the batch (train mode)
  /// f32, one tensor a trainable parameter, from backward() to the next forward(), which reuses their memory.
  const StateDict& gradients() const;

  const CompileOptions& options() const;
  const Graph& graph() const;  ///< after the passes
  std::vector<StepInfo> steps() const;
  PlanMemory memory() const;
  /// The implementations that were chosen by measuring (now or earlier), for CompileOptions::choices.
  const std::map<std::string, std::string>& choices() const;
  void profile(bool on);  ///< resets and starts (or stops) timing of steps
  /// Called by forward() with every node's name and output as soon as it is there (its memory is reused afterwards), for all
  /// pictures or some of them at a time, and first with "input". Empty: no more.
  void observe(std::function<void(const std::string& name, const Tensor& y)> observer);
  /// Called by backward() with every node's name and the gradient of its output, as soon as all readers have added to it. It is
  /// not that of the value where a batch norm's work is left to its reader: compile without fusion. Empty: no more.
  void observe_gradients(std::function<void(const std::string& name, const Tensor& dy)> observer);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace resnet
