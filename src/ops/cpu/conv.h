// What the kernels of the op "conv" share: which passes a step needs, and the best implementation of each.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ops/cpu/conv_pass.h"
#include "ops/kernel.h"

namespace resnet {

ConvCase conv_case(const KernelSpec& spec, ConvPassKind pass);
std::vector<ConvPassKind> conv_passes_of(const KernelSpec& spec);

/// Empty when some implementation (`only`: that one) takes the case, else all reasons.
std::string reject_conv_pass(const ConvCase& c, const std::string& only = "");
/// The best implementation that takes the case, or null.
const ConvPassEntry* best_conv_entry(const ConvCase& c);
/// The best that does; `why` gets the reasons of better ones that do not. Throws Error where there is none.
std::unique_ptr<ConvPass> best_conv_pass(const ConvCase& c, const std::string& only = "", std::string* why = nullptr);

/// Training with a batch norm in the convolution's step.
std::string reject_conv_batch_norm(const KernelSpec& spec);
std::unique_ptr<Kernel> make_conv_batch_norm(const KernelSpec& spec);

/// Registers a kernel that computes all its passes by the implementation of that name, for tests and comparisons.
void register_conv_kernel(const std::string& name, int rank);

}  // namespace resnet
