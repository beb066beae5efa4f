#include "train/state.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "core/check.h"

namespace resnet {

namespace {

const std::string kChoice = "choice: ";  // begins the key of an entry for a kernel

// Keys that files of earlier versions lack.
bool is_recent(std::string_view key) {
  return key.starts_with("target_") || key.starts_with("last_epoch_") || key == "evaluations_since_best";
}

/// Every entry of the state with its key: writing and reading both go through here.
template <class State, class Visit> void for_each_entry(State& s, Visit visit) {
  visit("step", s.step);
  visit("epoch", s.epoch);
  visit("closed", s.closed);
  visit("best_top1", s.best_top1);
  visit("evaluations_since_best", s.stale);
  visit("seconds", s.seconds);
  visit("epoch_loss_sum", s.meter.loss_sum);
  visit("epoch_wrong", s.meter.wrong);
  visit("epoch_images", s.meter.images);
  visit("last_epoch_loss", s.epoch_loss);
  visit("last_epoch_error", s.epoch_error);
  visit("warm", s.warmup.below);
  visit("warmup_steps", s.warmup.steps);
  visit("warmup_wrong", s.warmup.wrong);
  visit("warmup_images", s.warmup.images);
  visit("target_below", s.target.below);
  visit("target_steps", s.target.steps);
  visit("target_wrong", s.target.wrong);
  visit("target_images", s.target.images);
  visit("target_step", s.target_step);
  visit("plateau_best", s.plateau.best);
  visit("plateau_bad", s.plateau.bad);
  visit("plateau_drops", s.plateau.drops);
}

template <class T> bool parse_number(const std::string& text, T& out) {
  if constexpr (std::is_same_v<T, bool>) {
    out = text == "true";
    return out || text == "false";
  } else {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size();
  }
}

}  // namespace

void EpochMeter::add(double mean_loss, int64_t batch_wrong, int64_t batch_images) {
  loss_sum += mean_loss * static_cast<double>(batch_images);
  wrong += batch_wrong;
  images += batch_images;
}

double EpochMeter::loss() const { return loss_sum / static_cast<double>(std::max<int64_t>(images, 1)); }
double EpochMeter::error() const {
  return 100.0 * static_cast<double>(wrong) / static_cast<double>(std::max<int64_t>(images, 1));
}

std::map<std::string, std::string> to_strings(const TrainState& state) {
  std::map<std::string, std::string> entries;
  for_each_entry(state, [&](const char* key, const auto& value) { entries[key] = fmt::format("{}", value); });
  for (const auto& [key, name] : state.choices) entries[join(kChoice, key)] = name;
  return entries;
}

TrainState parse_state(const std::map<std::string, std::string>& entries, const std::string& path) {
  TrainState state;
  for_each_entry(state, [&](const char* key, auto& value) {
    const auto found = entries.find(key);
    if (found == entries.end() && is_recent(key)) return;
    CHECK(found != entries.end(), path, ": the training state has no '", key, "'; the file cannot be resumed from");
    CHECK(parse_number(found->second, value), path, ": the training state's '", key, "' is '", found->second,
          "'; the file is damaged");
  });
  for (const auto& [key, name] : entries)
    if (key.starts_with(kChoice)) state.choices[key.substr(kChoice.size())] = name;
  return state;
}

}  // namespace resnet
