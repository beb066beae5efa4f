// The three passes of a convolution on the CPU: forward, data gradient, weight gradient. Every pass has several
// implementations (oneDNN, own tiles, Winograd); the kernel "conv" (conv.cc) takes for each pass the best that a layer allows.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ops/cpu/conv_shape.h"
#include "resnet/tensor.h"

namespace resnet {

enum class ConvPassKind { forward, data_gradient, weight_gradient };

/// All that decides which implementation computes a pass.
struct ConvCase {
  ConvShape shape{};
  DType dtype = DType::f32;  ///< of x, y, dx, dy: f32 or bf16
  ConvPassKind pass = ConvPassKind::forward;
  bool train = false;                            ///< weights change with every step
  bool bias = false, add = false, relu = false;  ///< what forward adds and clips
};

/// Buffers of one call, dense NHWC in the case's dtype. A pass reads and writes only its own.
struct ConvArgs {
  const void* x = nullptr;       ///< forward, weight gradient
  void* y = nullptr;             ///< forward: relu(conv(x) + bias + addend)
  const float* bias = nullptr;   ///< [oc], or null
  const void* addend = nullptr;  ///< of y's shape, may be y itself, or null
  bool relu = false;
  const void* dy = nullptr;  ///< both gradients
  void* dx = nullptr;        ///< data gradient
  bool accumulate = false;   ///< dx += instead of dx =
  float* dw = nullptr;       ///< weight gradient: [oc, c/groups, k, k], overwritten
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
};

/// One implementation, registered by the file that defines it.
struct ConvPassEntry {
  std::string name;  ///< "onednn", "amx", "winograd"
  int rank = 0;      ///< higher is tried first
  /// Empty when this implementation takes the case, else the reason why not.
  std::function<std::string(const ConvCase&)> reject;
  std::function<std::unique_ptr<ConvPass>(const ConvCase&)> make;
};

struct RegisterConvPass {
  explicit RegisterConvPass(ConvPassEntry entry);
};

/// All implementations, best first.
const std::vector<ConvPassEntry>& conv_passes();

}  // namespace resnet
