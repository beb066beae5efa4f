#include "resnet/models.h"

#include <algorithm>

#include "core/check.h"
#include "core/nearest.h"
#include "models/registry.h"

namespace resnet {

namespace {

std::vector<ModelFamily>& families() {
  static std::vector<ModelFamily> all;
  return all;
}

}  // namespace

RegisterModels::RegisterModels(ModelFamily family) { families().push_back(std::move(family)); }

Graph make_model(const std::string& name, const ModelOptions& options) {
  for (const ModelFamily& family : families())
    if (std::optional<Graph> graph = family.make(name, options)) return *std::move(graph);
  throw Error(join("unknown model '", name, "'; did you mean '", nearest(name, model_names()), "'?"));
}

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const ModelFamily& family : families())
    names.insert(names.end(), family.examples.begin(), family.examples.end());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace resnet
