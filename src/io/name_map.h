// Other programs name the same tensors differently. Their names are data: lists of patterns, a list a program.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "resnet/tensor.h"

namespace resnet {

/// In `from`, # is a whole number, @ a block as Caffe writes it ("a" is 0, "c" 2, "b12" 12), and * at the end anything. In
/// `to`, {0} is the first of them, {1+1} the second plus one.
struct NameRule {
  const char* from;
  const char* to;
};

struct NameMap {
  const char* program;
  const char* sign;  ///< a `from` pattern that one name of such a file fits, and no name of another's
  /// What the program's networks are by habit, where tensors do not tell: "v1": stride in the first 1×1 of a bottleneck;
  /// "residual": shortcuts that hold no tensors.
  const char* habit;
  std::span<const NameRule> rules;
};

/// All maps, the first that fits counts.
std::span<const NameMap> name_maps();

/// The new name, or "" when the rule does not fit.
std::string rename(std::string_view name, const NameRule& rule);

struct RenamedTensors {
  StateDict tensors;    ///< under torchvision's names, those that no rule knows under their own
  std::string removed;  ///< prefix that all names had, "module."
  std::string program;  ///< whose names they were; empty: torchvision's own, or unknown
  std::string habit;    ///< see NameMap
};

/// Throws Error when two tensors get the same name.
RenamedTensors to_torchvision_names(const StateDict& tensors, const std::string& file);

}  // namespace resnet
