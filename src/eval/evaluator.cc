#include "eval/evaluator.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/check.h"
#include "eval/model.h"
#include "eval/recognize.h"

namespace resnet {

namespace {

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

/// The output of `other` for each class of the ensemble's first network, by name.
std::vector<int> match_networks(const std::vector<std::string>& first, const std::vector<std::string>& other) {
  std::vector<int> output;
  CHECK(first.size() == other.size(), "networks of ", first.size(), " and of ", other.size(),
        " classes are no ensemble: they must know the same classes");
  const bool unnamed = are_numbers(first) || are_numbers(other);
  for (size_t i = 0; i < first.size(); ++i) {
    const auto found =
        unnamed ? other.begin() + static_cast<std::ptrdiff_t>(i) : std::find(other.begin(), other.end(), first[i]);
    CHECK(found != other.end(), "the class '", first[i],
          "' of the ensemble's first network is not among those of another: they must know the same classes");
    output.push_back(static_cast<int>(found - other.begin()));
  }
  return output;
}

Network::Options network_options(const Evaluator::Subject& subject, const EvalOptions& options) {
  const DType dtype = subject.int8 ? DType::u8 : options.dtype;
  return {.compile = {.batch = options.batch, .mode = Mode::infer, .dtype = dtype, .conv = options.conv}};
}

constexpr int64_t kChunkPixels = 8 << 20;  // of the views that are prepared together

}  // namespace

Evaluator::Evaluator(const std::vector<Subject>& subjects, std::shared_ptr<const Dataset> data,
                     const EvalOptions& options)
    : data_(std::move(data)), options_(options) {
  CHECK(!subjects.empty(), "no network to evaluate");
  CHECK(data_->size() > 0, "the data set to evaluate on is empty");
  classes_ = subjects[0].classes;
  label_of_ = match_classes(data_->classes(), classes_);
  for (const Subject& s : subjects)
    members_.push_back(
        {Network(s.graph, s.weights, Views(s.preprocessing, options.protocol), network_options(s, options)),
         match_networks(classes_, s.classes)});
}

void Evaluator::count(const ViewLoader::Chunk& chunk, Score& score, int64_t& left_out) {
  const size_t classes = classes_.size();
  std::vector<double> mean(static_cast<size_t>(chunk.count) * classes), scores;
  for (size_t m = 0; m < members_.size(); ++m) {
    scores.assign(mean.size(), 0);
    members_[m].network.add_scores(chunk.views[m], scores.data());
    for (size_t i = 0; i < static_cast<size_t>(chunk.count); ++i)
      for (size_t k = 0; k < classes; ++k)
        mean[i * classes + k] +=
            scores[i * classes + static_cast<size_t>(members_[m].output_of[k])] / static_cast<double>(members_.size());
  }
  for (int64_t i = 0; i < chunk.count; ++i) {
    const int64_t index = chunk.first + i;
    if (data_->unreadable(index)) {
      ++left_out;
      continue;
    }
    const double* row = mean.data() + static_cast<size_t>(i) * classes;
    const int label = label_of_[static_cast<size_t>(data_->label(index))];
    const int predicted = score.add(row, label);
    if (options_.on_picture) options_.on_picture({index, label, predicted, {row, classes}});
  }
}

std::optional<EvalResult> Evaluator::run(const ProgressFn& progress, const std::function<bool()>& keep_going) {
  std::vector<const Views*> views;
  int64_t pixels = 0;
  for (Member& member : members_) {
    member.network.params_changed();
    views.push_back(&member.network.views());
    pixels += views.back()->pixels();
  }
  const int64_t chunk_size = std::clamp<int64_t>(kChunkPixels / pixels, 1, options_.batch);
  ViewLoader loader(data_, views, chunk_size, options_.workers);
  const auto start = std::chrono::steady_clock::now();
  Score score(static_cast<int64_t>(classes_.size()));
  int64_t left_out = 0;
  Progress p;
  p.steps = loader.chunks();
  for (ViewLoader::Chunk chunk = loader.next(); chunk.count > 0; chunk = loader.next()) {
    if (keep_going && !keep_going()) return std::nullopt;
    count(chunk, score, left_out);
    ++p.step;
    if (!progress) continue;
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    p.images_per_second = static_cast<double>(score.samples()) / seconds;
    p.data_wait_share = loader.wait_seconds() / seconds;
    p.loss = score.loss();
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

EvalResult evaluate(const std::vector<Checkpoint>& checkpoints, std::shared_ptr<const Dataset> data,
                    const EvalOptions& options, const ProgressFn& progress) {
  std::vector<Graph> graphs;
  std::vector<StateDict> weights;
  std::string models;
  for (const Checkpoint& c : checkpoints) {
    graphs.push_back(graph_of(c));
    weights.push_back(c.weights);
    models += (models.empty() ? "" : ", ") + c.model;
  }
  std::vector<Evaluator::Subject> subjects;
  for (size_t i = 0; i < checkpoints.size(); ++i) {
    const Checkpoint& c = checkpoints[i];
    subjects.push_back({graphs[i], weights[i], c.preprocessing, c.classes, c.int8});
  }
  EvalOptions fitted = options;
  fitted.batch = std::clamp<int64_t>(options.batch, 1, std::max<int64_t>(data->size(), 1));
  Evaluator evaluator(subjects, std::move(data), fitted);
  EvalResult result = *evaluator.run(progress);
  CHECK(std::isfinite(result.loss), "the loss of ", models, " on this data is not finite; the weights are damaged");
  return result;
}

EvalResult evaluate(const Checkpoint& checkpoint, std::shared_ptr<const Dataset> data, const EvalOptions& options,
                    const ProgressFn& progress) {
  return evaluate(std::vector<Checkpoint>{checkpoint}, std::move(data), options, progress);
}

}  // namespace resnet
