#include "train/sgd.h"

#include <algorithm>

#include "core/check.h"
#include "core/parallel.h"
#include "ops/cpu/elementwise.h"

namespace resnet {

namespace {

constexpr int64_t kPiece = 16384;

bool decays(const ParamSpec& spec, const TrainConfig& config) {
  return config.decay_bn_and_bias || spec.kind == ParamKind::weight;
}

const Tensor& find(const StateDict& tensors, const std::string& key, const Shape& shape, const char* what) {
  const auto found = tensors.find(key);
  CHECK(found != tensors.end(), "optimizer: the ", what, " of '", key, "' is missing");
  CHECK(found->second.shape() == shape, "optimizer: the ", what, " of '", key, "' is ", found->second.shape(), ", not ",
        shape);
  return found->second;
}

}  // namespace

Sgd::Sgd(const TrainConfig& config, const std::vector<ParamSpec>& specs, const StateDict& params,
         const StateDict& momentum)
    : momentum_factor_(config.momentum),
      nesterov_(config.nesterov),
      caffe_(config.formula == "caffe"),
      params_(params) {
  for (const ParamSpec& spec : specs) {
    if (!spec.trainable()) continue;
    const std::string& key = spec.suffix;
    const Tensor& w = find(params_, key, spec.shape, "value");
    Tensor v = momentum.empty() ? Tensor(spec.shape) : find(momentum, key, spec.shape, "momentum").clone();
    const float decay = decays(spec, config) ? config.weight_decay : 0.0f;
    const int64_t n = w.elements();
    for (int64_t begin = 0; begin < n; begin += kPiece)
      pieces_.push_back({slots_.size(), begin, std::min(begin + kPiece, n)});
    const float rate = spec.kind == ParamKind::bias || spec.kind == ParamKind::bn_bias ? config.bias_lr : 1.0f;
    slots_.push_back({key, w.f32(), v.f32(), n, rate, decay});
    momentum_[key] = std::move(v);
  }
  gradients_.resize(slots_.size());
}

void Sgd::step(const StateDict& gradients, float lr) {
  for (size_t i = 0; i < slots_.size(); ++i) {
    const auto found = gradients.find(slots_[i].key);
    CHECK(found != gradients.end(), "optimizer: the gradient of '", slots_[i].key, "' is missing");
    gradients_[i] = found->second.f32();
  }
  const auto sgd = elementwise().sgd;
  parallel_for(static_cast<int64_t>(pieces_.size()), [&](int64_t first, int64_t last, int) {
    for (int64_t i = first; i < last; ++i) {
      const Piece& p = pieces_[static_cast<size_t>(i)];
      const Slot& s = slots_[p.slot];
      sgd(s.w + p.begin, s.v + p.begin, gradients_[p.slot] + p.begin, p.end - p.begin, lr * s.rate, momentum_factor_,
          s.decay, nesterov_, caffe_);
    }
  });
}

}  // namespace resnet
