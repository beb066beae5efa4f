#include "eval/network.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <numeric>

#include "core/check.h"
#include "engine/cut.h"

namespace resnet {

namespace {

constexpr int64_t kMostPixels = 64 * 224 * 224;  // of the views that pass through the network together

struct Item {
  const Tensor* view;
  size_t picture;
  double weight;  // in the picture's mean
};

/// scores += weight * softmax(logits).
void add_softmax(const float* logits, int64_t n, double weight, double* scores) {
  const double top = *std::max_element(logits, logits + n);
  std::vector<double> p(static_cast<size_t>(n));
  std::transform(logits, logits + n, p.begin(), [top](float x) { return std::exp(x - top); });
  const double sum = std::accumulate(p.begin(), p.end(), 0.0);
  for (int64_t k = 0; k < n; ++k) scores[k] += weight * p[static_cast<size_t>(k)] / sum;
}

int64_t power_of_two_from(int64_t n) {
  int64_t power = 1;
  while (power < n) power *= 2;
  return power;
}

}  // namespace

Network::Network(Graph graph, StateDict weights, Views views, Options options)
    : graph_(std::move(graph)), weights_(std::move(weights)), views_(std::move(views)), options_(std::move(options)) {
  CHECK(options_.compile.batch > 0, "a batch of ", options_.compile.batch, ": it must be positive");
}

int64_t Network::outputs() const { return graph_.shapes(1).back().elements(); }

void Network::params_changed() {
  for (Compiled& c : plans_) c.plan.params_changed();
}

int64_t Network::most_views(int64_t height, int64_t width) const {
  const int64_t room = std::max<int64_t>(kMostPixels / (height * width), 1);
  return room >= options_.compile.batch ? options_.compile.batch : power_of_two_from(room + 1) / 2;
}

Plan& Network::plan_for(const Shape& shape) {
  const auto found = std::find_if(plans_.begin(), plans_.end(), [&](const Compiled& c) { return c.shape == shape; });
  if (found != plans_.end()) {
    plans_.splice(plans_.begin(), plans_, found);
    return plans_.front().plan;
  }
  CompileOptions compile = options_.compile;
  compile.batch = shape[0];
  try {
    const bool own_size = shape[1] == graph_.input_shape()[1] && shape[2] == graph_.input_shape()[2];
    Plan plan(own_size ? graph_ : with_input(graph_, shape[1], shape[2]), compile);
    plan.bind(weights_);
    const PlanMemory memory = plan.memory();
    plans_.push_front({shape, memory.arena_bytes + memory.parameter_bytes, std::move(plan)});
  } catch (const Error& error) {
    throw Error(join("pictures of ", shape[1], "x", shape[2], " pixels: ", error.what()));
  }
  int64_t bytes = 0;
  for (const Compiled& c : plans_) bytes += c.bytes;
  for (; bytes > options_.most_bytes && plans_.size() > 1; plans_.pop_back()) bytes -= plans_.back().bytes;
  return plans_.front().plan;
}

void Network::prepare(int64_t n) { plan_for({n, graph_.input_shape()[1], graph_.input_shape()[2], 3}); }

void Network::add_scores(const std::vector<std::vector<Tensor>>& pictures, double* scores) {
  std::map<std::pair<int64_t, int64_t>, std::vector<Item>> by_shape;
  for (size_t i = 0; i < pictures.size(); ++i)
    for (const Tensor& view : pictures[i])
      by_shape[{view.shape()[0], view.shape()[1]}].push_back({&view, i, 1.0 / static_cast<double>(pictures[i].size())});
  const int64_t k = outputs();
  for (const auto& [shape, items] : by_shape) {
    const auto n = static_cast<int64_t>(items.size()), most = most_views(shape.first, shape.second);
    for (int64_t first = 0; first < n; first += most) {
      const int64_t count = std::min(most, n - first);
      Plan& plan = plan_for({std::min(most, power_of_two_from(count)), shape.first, shape.second, 3});
      Tensor& input = plan.input();
      float* x = input.f32();
      for (int64_t i = first; i < first + count; ++i) {
        const Tensor& view = *items[static_cast<size_t>(i)].view;
        std::memcpy(x, view.raw(), view.bytes());
        x += view.elements();
      }
      std::fill(x, input.f32() + input.elements(), 0.0f);
      plan.forward();
      for (int64_t i = 0; i < count; ++i) {
        const Item& item = items[static_cast<size_t>(first + i)];
        add_softmax(plan.output().f32() + i * k, k, item.weight, scores + item.picture * static_cast<size_t>(k));
      }
    }
  }
}

}  // namespace resnet
