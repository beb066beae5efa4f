#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace resnet {

namespace {

double in_steps(double value, const TrainConfig& config, const ScheduleState& state) {
  return config.unit == "epochs" ? value * static_cast<double>(state.steps_per_epoch) : value;
}

double milestone_factor(const TrainConfig& config, const ScheduleState& state) {
  double factor = 1;
  for (const double milestone : config.milestones)
    if (static_cast<double>(state.step) >= in_steps(milestone, config, state)) factor *= config.factor;
  return factor;
}

double cosine_factor(double warmup, const ScheduleState& state) {
  const double length = static_cast<double>(state.total_steps) - warmup;
  if (length <= 0) return 1;
  const double t = (static_cast<double>(state.step) - warmup) / length;
  return 0.5 * (1 + std::cos(std::numbers::pi * std::clamp(t, 0.0, 1.0)));
}

}  // namespace

float learning_rate(const TrainConfig& config, const ScheduleState& state) {
  if (!state.warm) return static_cast<float>(config.warmup_lr);
  const double step = static_cast<double>(state.step);
  const double warmup = in_steps(config.warmup, config, state);
  double factor = 1;
  if (step < warmup) {
    factor = std::min(1.0, (step + 1) / warmup);
  } else if (config.schedule == "cosine") {
    factor = cosine_factor(warmup, state);
  }
  if (config.schedule == "steps") factor *= milestone_factor(config, state);
  if (config.schedule == "plateau") factor *= std::pow(config.factor, static_cast<double>(state.drops));
  if (config.lr_batch > 0) factor *= static_cast<double>(config.batch) / static_cast<double>(config.lr_batch);
  return static_cast<float>(static_cast<double>(config.lr) * factor);
}

void ErrorWatch::observe(double error, int64_t batch_wrong, int64_t batch_images) {
  if (below) return;
  ++steps;
  wrong += batch_wrong;
  images += batch_images;
  if (steps < kBlock) return;
  below = 100.0 * static_cast<double>(wrong) < error * static_cast<double>(images);
  steps = wrong = images = 0;
}

void Plateau::observe(double error, int64_t patience) {
  if (error < best) {
    best = error;
    bad = 0;
  } else if (++bad >= patience) {
    ++drops;
    bad = 0;
  }
}

}  // namespace resnet
