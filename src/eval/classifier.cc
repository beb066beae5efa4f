// Some pictures, one at a time.
#include "resnet/classifier.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/check.h"
#include "eval/model.h"
#include "eval/network.h"

namespace resnet {

namespace {

constexpr int64_t kMostViews = 16;  // at a time

}  // namespace

struct Classifier::Impl {
  Impl(Checkpoint c, DType dtype, const TestProtocol& protocol)
      : checkpoint(std::move(c)),
        network(graph_of(checkpoint), checkpoint.weights, Views(checkpoint.preprocessing, protocol),
                {.compile = {.batch = kMostViews, .mode = Mode::infer, .dtype = checkpoint.int8 ? DType::u8 : dtype}}) {
    if (protocol.scales.empty() && protocol.crops == 1) network.prepare(network.views().count());
  }

  Checkpoint checkpoint;
  Network network;
};

Classifier::Classifier(const std::string& weights_path, DType dtype, const TestProtocol& protocol)
    : Classifier(load_weights(weights_path).checkpoint, dtype, protocol) {}
Classifier::Classifier(Checkpoint checkpoint, DType dtype, const TestProtocol& protocol)
    : impl_(std::make_unique<Impl>(std::move(checkpoint), dtype, protocol)) {}
Classifier::~Classifier() = default;
Classifier::Classifier(Classifier&&) noexcept = default;

const Checkpoint& Classifier::checkpoint() const { return impl_->checkpoint; }

std::vector<Prediction> Classifier::classify(const Tensor& image, int top) {
  std::vector<double> p(static_cast<size_t>(impl_->network.outputs()));
  impl_->network.add_scores({impl_->network.views().of(image)}, p.data());
  CHECK(std::all_of(p.begin(), p.end(), [](double v) { return std::isfinite(v); }),
        "the network's outputs are not finite numbers; its weights are damaged");
  std::vector<int> order(p.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return p[static_cast<size_t>(a)] > p[static_cast<size_t>(b)]; });
  order.resize(std::min(order.size(), static_cast<size_t>(std::max(top, 0))));
  std::vector<Prediction> result;
  for (const int i : order)
    result.push_back(
        {i, impl_->checkpoint.classes[static_cast<size_t>(i)], static_cast<float>(p[static_cast<size_t>(i)])});
  return result;
}

}  // namespace resnet
