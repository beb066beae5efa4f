// One picture at a time through an inference plan of batch 1.
#include "resnet/classifier.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/check.h"
#include "eval/model.h"
#include "resnet/plan.h"

namespace resnet {

struct Classifier::Impl {
  Impl(Checkpoint c, DType dtype)
      : checkpoint(std::move(c)),
        plan(graph_of(checkpoint), {.batch = 1, .mode = Mode::infer, .dtype = checkpoint.int8 ? DType::u8 : dtype}) {
    plan.bind(checkpoint.weights);
    plan.params_changed();
  }

  Checkpoint checkpoint;
  Plan plan;
};

namespace {

std::vector<float> softmax(std::span<const float> logits) {
  const float top = *std::max_element(logits.begin(), logits.end());
  std::vector<float> p(logits.size());
  std::transform(logits.begin(), logits.end(), p.begin(), [top](float x) { return std::exp(x - top); });
  const float sum = std::accumulate(p.begin(), p.end(), 0.0f);
  for (float& v : p) v /= sum;
  return p;
}

}  // namespace

Classifier::Classifier(const std::string& weights_path, DType dtype)
    : Classifier(load_weights(weights_path).checkpoint, dtype) {}
Classifier::Classifier(Checkpoint checkpoint, DType dtype)
    : impl_(std::make_unique<Impl>(std::move(checkpoint), dtype)) {}
Classifier::~Classifier() = default;
Classifier::Classifier(Classifier&&) noexcept = default;

const Checkpoint& Classifier::checkpoint() const { return impl_->checkpoint; }

std::vector<Prediction> Classifier::classify(const Tensor& image, int top) {
  CHECK(image.dtype() == DType::u8 && image.shape().rank() == 3 && image.shape()[2] == 3 && image.elements() > 0,
        "a picture to classify is u8 [H,W,3], not ", image.dtype(), " ", image.shape());
  const Preprocessing& preprocessing = impl_->checkpoint.preprocessing;
  Plan& plan = impl_->plan;
  normalize(resize_and_crop(image, preprocessing.fit()), preprocessing, plan.input().f32());
  plan.forward();
  const std::span<const float> logits = plan.output().as<float>();
  CHECK(std::all_of(logits.begin(), logits.end(), [](float v) { return std::isfinite(v); }),
        "the network's outputs are not finite numbers; its weights are damaged");
  const std::vector<float> p = softmax(logits);
  std::vector<int> order(p.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return p[static_cast<size_t>(a)] > p[static_cast<size_t>(b)]; });
  order.resize(std::min(order.size(), static_cast<size_t>(std::max(top, 0))));
  std::vector<Prediction> result;
  for (const int i : order)
    result.push_back({i, impl_->checkpoint.classes[static_cast<size_t>(i)], p[static_cast<size_t>(i)]});
  return result;
}

}  // namespace resnet
