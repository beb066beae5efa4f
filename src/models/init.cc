#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "core/rng.h"
#include "resnet/models.h"

namespace resnet {

namespace {

// FNV-1a: a parameter's random stream depends on its name, not on its place in the graph.
uint64_t hash(const std::string& text) {
  uint64_t h = 0xcbf29ce484222325u;
  for (unsigned char c : text) h = (h ^ c) * 0x100000001b3u;
  return h;
}

void init_weight(Tensor& w, Rng& rng, bool linear, const InitOptions& options) {
  const Shape& s = w.shape();
  if (linear) {
    const float bound = 1.0f / std::sqrt(static_cast<float>(s[1]));
    for (float& v : w.as<float>()) v = rng.uniform(-bound, bound);
    return;
  }
  const int64_t fan = (options.fan_out ? s[0] : s[1]) * s[2] * s[3];
  const float deviation = std::sqrt(2.0f / static_cast<float>(fan));
  for (float& v : w.as<float>()) v = deviation * rng.normal();
  if (!options.identity) return;
  const int64_t window = s[2] * s[3], filter = s[1] * window, passed = std::min(s[0], s[1]);
  std::fill_n(w.f32(), passed * filter, 0.0f);
  for (int64_t o = 0; o < passed; ++o) w.f32()[o * filter + o * window + window / 2] = 1.0f;
}

// Names of the batch norms that end a residual branch: those that an addition reads first.
std::vector<std::string> last_batch_norms(const Graph& graph) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes())
    if (node.op && node.op->kind() == "add") names.push_back(graph.node(node.inputs[0]).name + ".weight");
  return names;
}

}  // namespace

StateDict init_params(const Graph& graph, const InitOptions& options) {
  StateDict params;
  int64_t linear_inputs = 1;  // of the weight that precedes a bias
  const std::vector<std::string> last = options.zero_last_bn ? last_batch_norms(graph) : std::vector<std::string>{};
  for (const ParamSpec& p : graph.params()) {
    Tensor t(p.shape);
    Rng rng(options.seed, hash(p.suffix));
    if (p.kind == ParamKind::weight) {
      const bool linear = p.shape.rank() == 2;
      init_weight(t, rng, linear, options);
      linear_inputs = linear ? p.shape[1] : 0;
    } else if (p.kind == ParamKind::bias && linear_inputs > 0) {
      const float bound = 1.0f / std::sqrt(static_cast<float>(linear_inputs));
      for (float& v : t.as<float>()) v = rng.uniform(-bound, bound);
    } else if (p.kind == ParamKind::bn_weight || p.kind == ParamKind::running_var) {
      const bool zero = std::find(last.begin(), last.end(), p.suffix) != last.end();
      for (float& v : t.as<float>()) v = zero ? 0.0f : 1.0f;
    }
    params.emplace(p.suffix, std::move(t));
  }
  return params;
}

}  // namespace resnet
