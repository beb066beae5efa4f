#include "explain/lr_find.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>

#include "core/check.h"
#include "train/setup.h"
#include "train/sgd.h"
#include "train/targets.h"

namespace resnet {

namespace {

constexpr double kKept = 0.9;         // of the smoothed loss, from step to step
constexpr double kExploded = 4;       // times the lowest smoothed loss
constexpr double kBelowLowest = 0.1;  // the suggestion
constexpr size_t kSlopeSteps = 5;     // on both sides of a point, over which its slope is taken
constexpr size_t kFirstSteps = 5;     // whose mean is over too few steps to tell anything

void check(const LrFindOptions& o) {
  CHECK(o.from > 0 && o.to > o.from && std::isfinite(o.to), "learning rates from ", o.from, " to ", o.to,
        ": both must be positive and the second one the larger");
  CHECK(o.steps >= 10, "a curve of ", o.steps, " steps: at least 10 are needed");
}

// One batch after the other, epoch after epoch.
class Batches {
 public:
  explicit Batches(const TrainSetup& s) : loader_(s.data.train, s.preprocessing, options_of(s.config)) {
    loader_.seek(0);
  }

  const Batch& next() {
    if (!loader_.next(batch_)) {
      loader_.seek(++epoch_);
      CHECK(loader_.next(batch_), "the data has no batch of the size that is asked for");
    }
    return batch_;
  }

 private:
  static LoaderOptions options_of(const TrainConfig& config) {
    LoaderOptions options = loader_options(config);
    options.drop_last = true;
    return options;
  }

  Loader loader_;
  Batch batch_;
  int64_t epoch_ = 0;
};

// The exponential mean of the losses, freed from its start at zero.
class Smoothed {
 public:
  double add(double loss) {
    sum_ = kKept * sum_ + (1 - kKept) * loss;
    weight_ = kKept * weight_ + (1 - kKept);
    return sum_ / weight_;
  }

 private:
  double sum_ = 0, weight_ = 0;
};

double slope(const std::vector<LrPoint>& points, size_t i) {
  const size_t a = i < kSlopeSteps ? 0 : i - kSlopeSteps, b = std::min(points.size() - 1, i + kSlopeSteps);
  return (points[b].smoothed - points[a].smoothed) / std::log(points[b].lr / points[a].lr);
}

}  // namespace

void suggest(LrCurve& curve) {
  const std::vector<LrPoint>& p = curve.points;
  curve.suggestion = curve.lowest = curve.steepest = std::nullopt;
  if (p.size() < 2 * kFirstSteps) return;
  const auto less = [](const LrPoint& a, const LrPoint& b) { return a.smoothed < b.smoothed; };
  const auto begin = p.begin() + static_cast<int64_t>(kFirstSteps);
  const auto lowest = std::min_element(begin, p.end(), less);
  const auto end = static_cast<size_t>(lowest - p.begin());
  double steepest = 0;
  for (size_t i = kFirstSteps; i < end; ++i)
    if (const double s = slope(p, i); s < steepest) {
      steepest = s;
      curve.steepest = p[i].lr;
    }
  if (!curve.steepest) return;
  curve.lowest = lowest->lr;
  curve.suggestion = lowest->lr * kBelowLowest;
}

LrCurve find_learning_rate(const TrainConfig& config, const LrFindOptions& options, const ProgressFn& progress) {
  check(options);
  TrainConfig settings = config;
  settings.epochs = 0;
  settings.steps = options.steps;
  validate(settings);
  TrainSetup s = prepare(settings, "");
  CHECK(s.data.train->size() >= s.config.batch, "train.batch = ", s.config.batch, " is more than the ",
        s.data.train->size(), " pictures there are to train on");
  Plan plan(s.graph, compile_options(s, s.config.batch));
  plan.bind(s.weights);
  Sgd sgd(s.config, s.graph.params(), s.weights);
  Batches batches(s);
  const TargetOptions targets{static_cast<int64_t>(s.data.train->classes().size()), s.config.label_smoothing,
                              s.class_weights};
  LrCurve curve;
  curve.notes = s.notes;
  Smoothed smoothed;
  double best = INFINITY;
  const auto start = std::chrono::steady_clock::now();
  const double factor = std::pow(options.to / options.from, 1.0 / static_cast<double>(options.steps - 1));
  for (int64_t step = 0; step < options.steps && !curve.diverged; ++step) {
    const Batch& batch = batches.next();
    std::memcpy(plan.input().raw(), batch.images.raw(), plan.input().bytes());
    if (plan.options().soft_labels)
      make_targets(batch, targets, plan.targets().f32());
    else
      std::memcpy(plan.labels().raw(), batch.labels.raw(), plan.labels().bytes());
    plan.params_changed();
    plan.set_random(s.config.seed, static_cast<uint64_t>(step));
    plan.forward();
    const double loss = static_cast<double>(plan.loss()), lr = options.from * std::pow(factor, step);
    if (!std::isfinite(loss)) {
      curve.diverged = true;
      break;
    }
    curve.points.push_back({lr, loss, smoothed.add(loss)});
    const double now = curve.points.back().smoothed;
    best = std::min(best, now);
    curve.diverged = now > kExploded * best;
    plan.backward();
    sgd.step(plan.gradients(), static_cast<float>(lr));
    if (!progress) continue;
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    Progress p;
    p.step = step + 1;
    p.steps = options.steps;
    p.loss = now;
    p.lr = lr;
    p.images_per_second = static_cast<double>((step + 1) * s.config.batch) / seconds;
    progress(p);
  }
  suggest(curve);
  return curve;
}

}  // namespace resnet
