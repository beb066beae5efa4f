#include "eval/evaluator.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>

#include "core/check.h"
#include "eval/model.h"

namespace resnet {

namespace {

/// Whether a file of another program did not name its classes (recognize.cc).
bool are_numbers(const std::vector<std::string>& model) {
  for (size_t i = 0; i < model.size(); ++i)
    if (model[i] != join("class ", i)) return false;
  return true;
}

/// The model's output for each class of the data, by name.
std::vector<int> match_classes(const std::vector<std::string>& data, const std::vector<std::string>& model) {
  std::vector<int> output;
  if (are_numbers(model) && data.size() == model.size()) {  // in order of their names, as other programs number them
    for (size_t i = 0; i < data.size(); ++i) output.push_back(static_cast<int>(i));
    return output;
  }
  for (const std::string& name : data) {
    const auto found = std::find(model.begin(), model.end(), name);
    CHECK(found != model.end(), "the data has the class '", name, "', which is not among the ", model.size(),
          " classes of the model (", model.empty() ? "" : model.front(),
          ", …); evaluate on the kind of data it was trained on");
    output.push_back(static_cast<int>(found - model.begin()));
  }
  return output;
}

LoaderOptions loader_options(const EvalOptions& options) {
  LoaderOptions loader;
  loader.batch = options.batch;
  loader.workers = options.workers;
  return loader;
}

}  // namespace

Evaluator::Evaluator(const Subject& subject, std::shared_ptr<const Dataset> data, const EvalOptions& options)
    : data_(std::move(data)),
      options_(options),
      preprocessing_(subject.preprocessing),
      classes_(subject.classes),
      label_of_(match_classes(data_->classes(), classes_)),
      weights_(subject.weights),
      plan_(subject.graph,
            {.batch = options.batch, .mode = Mode::infer, .dtype = options.dtype, .conv = options.conv}) {
  CHECK(data_->size() > 0, "the data set to evaluate on is empty");
  plan_.bind(weights_);
}

std::optional<EvalResult> Evaluator::run(const ProgressFn& progress, const std::function<bool()>& keep_going) {
  plan_.params_changed();
  Loader loader(data_, preprocessing_, loader_options(options_));
  loader.seek(0);
  const auto start = std::chrono::steady_clock::now();
  const int64_t classes = static_cast<int64_t>(classes_.size());
  Score score(classes);
  int64_t left_out = 0;
  Progress p;
  p.steps = loader.batches_per_epoch();
  for (Batch batch; loader.next(batch);) {
    if (keep_going && !keep_going()) return std::nullopt;
    std::memcpy(plan_.input().raw(), batch.images.raw(), batch.images.bytes());
    plan_.forward();
    const float* logits = plan_.output().f32();
    for (int64_t i = 0; i < batch.count; ++i)
      if (data_->unreadable(batch.index[static_cast<size_t>(i)]))
        ++left_out;
      else
        score.add(logits + i * classes, label_of_[static_cast<size_t>(batch.labels.i32()[i])]);
    ++p.step;
    if (!progress) continue;
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    p.images_per_second = static_cast<double>(score.samples()) / seconds;
    p.data_wait_share = loader.wait_seconds() / seconds;
    p.loss = score.result({}).loss;
    progress(p);
  }
  CHECK(score.samples() + left_out == data_->size(), "evaluated ", score.samples(), " of ", data_->size(), " pictures");
  EvalResult result = score.result(classes_);
  result.left_out = left_out;
  if (progress) {
    p.eval = result;
    progress(p);
  }
  return result;
}

EvalResult evaluate(const Checkpoint& checkpoint, std::shared_ptr<const Dataset> data, const EvalOptions& options,
                    const ProgressFn& progress) {
  const Graph graph = graph_of(checkpoint);
  StateDict weights = checkpoint.weights;
  EvalOptions fitted = options;
  if (checkpoint.int8) fitted.dtype = DType::u8;
  fitted.batch = std::clamp<int64_t>(options.batch, 1, std::max<int64_t>(data->size(), 1));
  Evaluator evaluator({graph, weights, checkpoint.preprocessing, checkpoint.classes}, std::move(data), fitted);
  EvalResult result = *evaluator.run(progress);
  CHECK(std::isfinite(result.loss), "the loss of ", checkpoint.model,
        " on this data is not finite; its weights are damaged");
  return result;
}

}  // namespace resnet
