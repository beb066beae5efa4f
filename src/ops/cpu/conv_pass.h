// The three passes of a convolution on the CPU: forward, data gradient, weight gradient. Every pass has several
// implementations (oneDNN, own tiles, Winograd); the kernel "conv" (conv.cc) takes for each pass the best that a layer allows.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ops/choices.h"
#include "ops/cpu/conv_shape.h"
#include "resnet/tensor.h"

namespace resnet {

class Ahead;

enum class ConvPassKind { forward, data_gradient, weight_gradient };

/// All that decides which implementation computes a pass.
struct ConvCase {
  ConvShape shape{};
  DType dtype = DType::f32;  ///< of x, y, dx, dy: f32 or bf16
  ConvPassKind pass = ConvPassKind::forward;
  bool train = false;                            ///< weights change with every step
  bool ranges = false;                           ///< run_range() will be called instead of run()
  bool sums = false;                             ///< ConvArgs::sums will be given
  Choices* choices = nullptr;                    ///< as in KernelSpec
  bool direct = false;                           ///< no Winograd
  bool bias = false, add = false, relu = false;  ///< what forward adds and clips
};

/// Sums over the pixels of what a pass writes, for the batch norm that stands there. Every thread adds to its own.
struct OutputSums {
  double* sums = nullptr;  ///< [threads][2][channels], threads sums_of_thread() apart: Σy, Σy²; or, with x, Σdz, Σdz·x
  /// Data gradient where the batch norm and ReLU of x are still to be applied, x being what the convolution before wrote:
  /// dz is dx where scale·x + shift > 0, else zero, and is what is written.
  const void* x = nullptr;
  const float *scale = nullptr, *shift = nullptr;  ///< [channels]
  const uint16_t* mask = nullptr;                  ///< instead of them: where its bit is set (channels divide by 16)
};

/// Buffers of one call, dense NHWC in the case's dtype. A pass reads and writes only its own.
struct ConvArgs {
  const void* x = nullptr;       ///< forward, weight gradient
  void* y = nullptr;             ///< forward: relu(conv(x) + bias + addend)
  const float* bias = nullptr;   ///< [oc], or null
  const void* addend = nullptr;  ///< of y's shape, may be y itself, or null
  bool relu = false;
  const void* dy = nullptr;          ///< both gradients
  void* dx = nullptr;                ///< data gradient
  bool accumulate = false;           ///< dx += instead of dx =
  float* dw = nullptr;               ///< weight gradient: [oc, c/groups, k, k], overwritten
  const OutputSums* sums = nullptr;  ///< of forward and the data gradient, where the entry knows them
  Ahead* ahead = nullptr;            ///< run_range: memory to be fetched meanwhile, or null
  void* workspace = nullptr;
};

class ConvPass {
 public:
  virtual ~ConvPass() = default;
  virtual std::string name() const = 0;
  /// Takes new weights, [oc, c/groups, k, k] f32 (not called for weight gradients).
  virtual void pack(const float* /*w*/) {}
  virtual void run(const ConvArgs& a) = 0;
  virtual size_t workspace_bytes() const { return 0; }
  /// Whether a data gradient can be added to dx.
  virtual bool accumulates() const { return true; }
  virtual bool reentrant() const { return false; }  ///< several threads may be in run(), each with its own buffers

  /// A thread can work through some pictures by itself, so that what it has made of them is still in its cache.
  /// Ranges begin at multiples of this many pictures — or pixels, where pictures_each() is not 1.
  virtual int64_t range_step() const { return 1; }
  virtual int64_t pictures_each() const { return 1; }
  /// Pictures [first, first + count) by the calling thread. x (dy) that is read points to the first of them, what is written
  /// to the whole tensor. A weight gradient adds to the thread's own sums (`fresh`: the thread's first range).
  virtual void run_range(const ConvArgs& /*a*/, int64_t /*first*/, int64_t /*count*/, int /*thread*/, bool /*fresh*/) {}
  /// Weight gradient, after `ranges` ranges that parallel_for() has shared out: adds up the threads' sums.
  virtual void finish_ranges(const ConvArgs& /*a*/, int64_t /*ranges*/) {}
};

/// A pass whose workspace has a part for every thread: throws Error unless as many compute as it was planned for.
void check_planned_threads(const std::string& name, int planned);

/// One implementation, registered by the file that defines it.
struct ConvPassEntry {
  std::string name;     ///< "onednn", "amx", "winograd"
  int rank = 0;         ///< higher is tried first
  bool ranges = false;  ///< has run_range(), and forward and data gradient know ConvArgs::sums
  /// Empty when this implementation takes the case, else the reason why not.
  std::function<std::string(const ConvCase&)> reject;
  std::function<std::unique_ptr<ConvPass>(const ConvCase&)> make;
  bool sums = false;  ///< knows ConvArgs::sums in bf16, ranges or not
};

struct RegisterConvPass {
  explicit RegisterConvPass(ConvPassEntry entry);
};

/// All implementations, best first.
const std::vector<ConvPassEntry>& conv_passes();

}  // namespace resnet
