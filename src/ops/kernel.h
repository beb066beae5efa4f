// How an op is computed. A Kernel is made once, when a plan is compiled, for one op on fixed shapes; run() of the plan then
// calls it with buffers from the plan's arena and it allocates nothing.
//
// Several implementations may exist for one op ("ref" is the oracle; "cpu" ones are tried best first). Each is registered
// by the file that defines it, so that a new kernel edits no list.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ops/choices.h"
#include "resnet/graph.h"

namespace resnet {

/// Everything that is known when a plan is compiled.
struct KernelSpec {
  const Op* op = nullptr;
  std::vector<Shape> x;           ///< inputs, NHWC
  Shape y;                        ///< output
  DType dtype = DType::f32;       ///< of activations and their gradients: f32, bf16, or u8 (int8 inference)
  bool train = false;             ///< backward will be called
  Choices* choices = nullptr;     ///< between implementations, measured where missing; null: by rank
  bool direct_conv = false;       ///< no Winograd convolutions
  std::array<bool, 2> need_dx{};  ///< which inputs want a gradient (train only)

  template <class T> const T& as() const { return static_cast<const T&>(*op); }
};

/// What the memory plan must know. Kernels fill it in their constructor.
struct KernelNeeds {
  size_t saved_bytes = 0;      ///< written by forward, read by backward (train only)
  size_t workspace_bytes = 0;  ///< scratch, during one call of forward or backward
  bool backward_reads_x = false;
  bool backward_reads_y = false;
  /// Forward may be given y == x[i] (elementwise in input i).
  std::array<bool, 2> y_over_x{};
  /// Backward may be given dx[i] == dy (elementwise).
  std::array<bool, 2> dx_over_dy{};
  /// Several threads may be in forward at a time, each with buffers of its own (DepthFirst then shares the packed weights).
  bool reentrant = false;
  /// Backward can add to dx[i] instead of overwriting it. Where it cannot, the plan adds in a step of its own.
  std::array<bool, 2> accumulates{};
  /// Deferred normalisation (train only). Forward may leave y without its batch norm and ReLU, whose coefficients are then in
  /// the deferral (deferred_bytes, from forward to backward); dy is then the gradient behind the ReLU, whose sums the one
  /// reader has put there. See ops/cpu/deferral.h. y is read in backward.
  bool may_defer = false;
  size_t deferral_bytes = 0;
  /// x[0] may come so.
  bool takes_deferred = false;
  /// Delegated sums (train only): the reader that is the last to add to dy may be the one that makes it the gradient behind
  /// the ReLU and adds its sums up, in `saved`, which it is given as x_deferral.
  bool may_delegate = false;
  bool takes_delegated = false;
};

/// What random ops draw from: another key, other numbers (src/core/rng.h).
struct RandomKey {
  uint64_t seed = 0;
  uint64_t step = 0;  ///< of training; the same in a step's forward and backward pass
};

/// Buffers of one call. Pointers that the call does not use are null. All activations are dense NHWC in the spec's dtype,
/// except where the op's output_dtype says otherwise and labels (i32). Parameters and their gradients are f32.
struct KernelArgs {
  std::array<const void*, 2> x{};
  void* y = nullptr;
  const void* dy = nullptr;
  std::array<void*, 2> dx{};
  std::array<bool, 2> accumulate{};   ///< dx[i] += instead of dx[i] = (only where needs().accumulates[i])
  const int32_t* labels = nullptr;    ///< [N], for the loss
  const float* targets = nullptr;     ///< [N,K], for the loss with soft labels
  const RandomKey* random = nullptr;  ///< for ops that draw (train only)
  /// Parameters in the order of Op::params(); forward writes running statistics, which are null where it is computed again
  /// for backward. i8 ones are cast to float*.
  std::vector<float*> w;
  std::vector<float*> dw;  ///< gradients, overwritten; null where not trainable
  void* saved = nullptr;
  void* workspace = nullptr;
  void* x_deferral = nullptr;  ///< of x[0]: deferred, or delegated; else null
  void* y_deferral = nullptr;  ///< of y
};

class Kernel {
 public:
  explicit Kernel(const KernelSpec& spec) : spec_(spec) {}
  virtual ~Kernel() = default;
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;

  virtual std::string name() const = 0;           ///< "onednn:brgconv:avx512_core_amx"
  virtual std::string why() const { return {}; }  ///< why better implementations of its parts were not taken
  /// Called after the parameters have changed and before the next forward: re-pack, fold, convert.
  virtual void pack(const std::vector<float*>& /*w*/) {}
  virtual void forward(const KernelArgs& a) = 0;
  virtual void backward(const KernelArgs& a);  ///< ops for inference have none: throws Error

  /// Once, before anything else, where needs().may_defer and the reader takes it. May change needs().
  virtual void defer_output() {}
  virtual void take_deferred_input() {}
  virtual void delegate_sums() {}
  virtual void take_delegated_sums() {}

  const KernelNeeds& needs() const { return needs_; }
  const KernelSpec& spec() const { return spec_; }

 protected:
  KernelSpec spec_;
  KernelNeeds needs_;
};

/// One implementation of one op.
struct KernelEntry {
  std::string op;       ///< Op::kind()
  std::string backend;  ///< "ref", "cpu"
  std::string name;     ///< of the implementation: "ref", "onednn", "amx"
  int rank = 0;         ///< higher is tried first
  /// Empty when this implementation takes the case, else the reason why not (shown by `resnet plan`).
  std::function<std::string(const KernelSpec&)> reject;
  std::function<std::unique_ptr<Kernel>(const KernelSpec&)> make;
};

/// Registers at start-up: `static const RegisterKernel r{{"relu", "ref", "ref", 0, accept_all, make_kernel<RefRelu>}};`
struct RegisterKernel {
  explicit RegisterKernel(KernelEntry entry);
};

std::string accept_all(const KernelSpec& spec);
template <class K> std::unique_ptr<Kernel> make_kernel(const KernelSpec& spec) { return std::make_unique<K>(spec); }

/// All implementations of an op on a backend, best first.
std::vector<const KernelEntry*> kernels_of(std::string_view op, std::string_view backend);

struct KernelChoice {
  std::unique_ptr<Kernel> kernel;
  std::string rejected;  ///< "amx: needs channels in multiples of 32; …", empty when the first choice was taken
};

/// The best implementation that takes the case. Throws Error listing all reasons when none does.
KernelChoice choose_kernel(const KernelSpec& spec, std::string_view backend);

}  // namespace resnet
