#include "cli/workload.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "cli/common.h"
#include "core/check.h"
#include "core/rng.h"
#include "eval/quantize.h"
#include "train/sgd.h"

namespace resnet::cli {

namespace {

// Classes of the data, so that the network's last layer fits its labels; 0 (the model's default) without data.
int64_t classes_of(const DataSplits& splits) {
  return splits.train == nullptr ? 0 : static_cast<int64_t>(splits.train->classes().size());
}

DataSplits open(const WorkloadOptions& options) {
  if (options.data.empty()) return {};
  DataOptions data;
  const Graph graph = make_model(options.model, {.image_size = options.image_size});
  data.image_size = graph.input_shape()[1];
  return open_data(options.data, data);
}

}  // namespace

Workload::Workload(const WorkloadOptions& options, const Workload* other) {
  const DataSplits splits = open(options);
  graph_ = make_model(options.model, {.classes = classes_of(splits), .image_size = options.image_size});
  if (!options.freeze.empty()) graph_ = freeze(graph_, options.freeze);
  params_ = other != nullptr ? other->params_ : init_params(graph_);
  if (options.compile.dtype == DType::u8 && other == nullptr) {
    params_ = quantize(graph_, params_, {random_batch(options)}, "max").weights;
    forget_peak_memory();  // networks are not quantised where they are used
  }
  const auto start = std::chrono::steady_clock::now();
  plan_ = std::make_unique<Plan>(graph_, options.compile);
  compile_seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  plan_->bind(params_);
  if (options.compile.mode == Mode::train) sgd_ = std::make_unique<Sgd>(TrainConfig{}, graph_.params(), params_);
  fill_random(plan_->input());
  if (splits.train != nullptr) {
    const int64_t size = graph_.input_shape()[1];
    LoaderOptions loader;
    loader.batch = options.compile.batch;
    loader.workers = options.workers;
    loader.drop_last = true;
    loader.shuffle = options.compile.mode == Mode::train;
    if (loader.shuffle) loader.augmentation = {.pad = size / 8, .flip = true};
    loader_ = std::make_unique<Loader>(splits.train, imagenet_preprocessing(size), loader);
    CHECK(loader_->batches_per_epoch() > 0, options.data, " has only ", splits.train->size(),
          " training pictures, fewer than a batch of ", loader.batch);
    loader_->seek(0);
  }
}

Workload::~Workload() = default;

// What int8 networks without data are calibrated on.
Tensor Workload::random_batch(const WorkloadOptions& options) const {
  Shape shape = graph_.input_shape();
  shape[0] = std::min<int64_t>(options.compile.batch, 4);
  Tensor x(shape);
  fill_random(x);
  return x;
}

void Workload::fill_random(Tensor& x) const {
  Rng rng(1);
  for (float& v : x.as<float>()) v = rng.uniform(-1.0f, 1.0f);
  if (plan_ == nullptr || plan_->options().mode != Mode::train) return;
  const auto classes = static_cast<uint32_t>(graph_.shapes(1).back().elements());
  for (int32_t& label : plan_->labels().as<int32_t>()) label = static_cast<int32_t>(rng.below(classes));
}

void Workload::load() {
  if (!loader_->next(batch_)) {
    loader_->seek(++epoch_);
    CHECK(loader_->next(batch_), "the loader gave no batch at the start of an epoch");
  }
  std::memcpy(plan_->input().raw(), batch_.images.raw(), batch_.images.bytes());
  if (sgd_ != nullptr) std::memcpy(plan_->labels().raw(), batch_.labels.raw(), batch_.labels.bytes());
}

void Workload::step() {
  if (loader_ != nullptr) load();
  plan_->forward();
  if (sgd_ == nullptr) return;
  plan_->backward();
  constexpr float kRate = 1e-4f;  // small: random pictures teach nothing, and nothing may grow out of range
  sgd_->step(plan_->gradients(), kRate);
  plan_->params_changed();
}

double Workload::wait_seconds() const { return loader_ == nullptr ? 0 : loader_->wait_seconds(); }

}  // namespace resnet::cli
