// Families of networks. Each is registered by the file that defines it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "resnet/models.h"

namespace resnet {

struct ModelFamily {
  std::vector<std::string> examples;  ///< names for listings
  /// The graph, or nothing when the name is not of this family. Throws Error for a name of the family that cannot be.
  std::function<std::optional<Graph>(const std::string& name, const ModelOptions& options)> make;
};

struct RegisterModels {
  explicit RegisterModels(ModelFamily family);
};

}  // namespace resnet
