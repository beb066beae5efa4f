#include "io/state_dict.h"

#include <algorithm>

#include "core/check.h"
#include "core/nearest.h"

namespace resnet {

namespace {

constexpr size_t kMaxListed = 10;

struct Differences {
  std::vector<std::string> lines;     ///< one a tensor
  std::vector<std::string> unwanted;  ///< keys of weights that the model lacks
};

Differences compare(const StateDict& weights, const std::vector<std::pair<std::string, Shape>>& wanted) {
  std::map<std::string, Shape> shapes(wanted.begin(), wanted.end());
  Differences d;
  for (const auto& [key, tensor] : weights)
    if (!shapes.contains(key) && !is_batch_counter(key)) d.unwanted.push_back(key);
  for (const auto& [key, shape] : wanted) {
    const auto found = weights.find(key);
    if (found == weights.end())
      d.lines.push_back(join("'", key, "' ", shape, " is missing"));
    else if (!(found->second.shape() == shape))
      d.lines.push_back(join("'", key, "' is ", found->second.shape(), ", the model wants ", shape));
  }
  for (const std::string& key : d.unwanted)
    d.lines.push_back(join("'", key, "' ", weights.at(key).shape(), " is not part of the model"));
  return d;
}

/// When a missing key stands in the file under a prefix, or nearly so: what to do about it.
std::string advice(const StateDict& weights, const std::vector<std::pair<std::string, Shape>>& wanted,
                   const std::vector<std::string>& unwanted) {
  for (const auto& [key, shape] : wanted) {
    if (weights.contains(key) || unwanted.empty()) continue;
    for (const std::string& other : unwanted)
      if (other.ends_with("." + key))
        return join("; all names seem to carry the prefix '", other.substr(0, other.size() - key.size()),
                    "': remove it");
    return join("; the name nearest to '", key, "' in the file is '", nearest(key, unwanted), "'");
  }
  return "; the weights are probably of another model";
}

}  // namespace

bool is_batch_counter(std::string_view key) { return key.ends_with(".num_batches_tracked"); }

bool is_network_tensor(std::string_view name) {
  return !name.starts_with("preprocessing.") && !name.starts_with("optimizer.");
}

void check_state_dict(const StateDict& weights, const std::vector<std::pair<std::string, Shape>>& wanted,
                      const std::string& what) {
  const Differences d = compare(weights, wanted);
  if (d.lines.empty()) return;
  std::string text = join(what, ": ", d.lines.size(), d.lines.size() == 1 ? " tensor differs" : " tensors differ",
                          " from the model: ");
  for (size_t i = 0; i < std::min(d.lines.size(), kMaxListed); ++i) text += (i > 0 ? ", " : "") + d.lines[i];
  if (d.lines.size() > kMaxListed) text += join(", and ", d.lines.size() - kMaxListed, " more");
  throw Error(text + advice(weights, wanted, d.unwanted));
}

}  // namespace resnet
