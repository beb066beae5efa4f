#include "train/fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/check.h"
#include "core/nearest.h"

namespace resnet {

namespace {

constexpr double kHuge = 9e18;  // below 2^63, which is where TOML's whole numbers end
constexpr double kFinite = std::numeric_limits<float>::max();

using C = TrainConfig;

// What the network is and what it sees.
std::vector<Field> input_fields() {
  return {
      {"model", "name", &C::model},
      {"model", "image_size", &C::image_size, 0, 4096},
      {"model", "bn_group", &C::bn_group, 0, 1e6},
      {"model", "bn_momentum", &C::bn_momentum, 0, 1},
      {"model", "init", &C::init, 0, 0, {"fan_out", "fan_in", "identity"}},
      {"model", "zero_last_bn", &C::zero_last_bn},
      {"model", "whiten", &C::whiten},
      {"data", "path", &C::data, 0, 0, {}, true},
      {"data", "train_split", &C::train_split, 0, 0, {"50k", "45k"}},
      {"data", "normalize", &C::normalize, 0, 0, {"auto", "pixel", "channel", "imagenet", "none"}},
      {"data", "resize", &C::resize, 0, 8192},
      {"data", "interpolation", &C::interpolation, 0, 0, {"bilinear", "bicubic"}},
      {"data", "bad_images", &C::bad_images, 0, 0, {"fail", "skip"}, true},
      {"data", "crop", &C::crop, 0, 0, {"auto", "pad", "random", "resized"}},
      {"data", "pad", &C::pad, 0, 1024},
      {"data", "crop_resize", &C::crop_resize, 1, 8192},
      {"data", "crop_area", &C::crop_area, 1e-6, 1},
      {"data", "crop_ratio", &C::crop_ratio, 1e-3, 1e3},
      {"data", "flip", &C::flip},
      {"data", "alternate_flip", &C::alternate_flip},
      {"data", "brightness", &C::brightness, 0, 100},
      {"data", "contrast", &C::contrast, 0, 100},
      {"data", "saturation", &C::saturation, 0, 100},
      {"data", "hue", &C::hue, 0, 0.5},
      {"data", "trivial_augment", &C::trivial_augment},
      {"data", "color_pca", &C::color_pca, 0, 100},
      {"data", "pca_values", &C::pca_values, 0, 1},
      {"data", "pca_vectors", &C::pca_vectors, -1, 1},
      {"data", "erase", &C::erase, 0, 1},
      {"data", "mixup", &C::mixup, 0, 1000},
      {"data", "cutmix", &C::cutmix, 0, 1000},
      {"data", "workers", &C::workers, -1, 1024, {}, true},
  };
}

// How it is trained.
std::vector<Field> training_fields() {
  return {
      {"train", "batch", &C::batch, 1, 1e6},
      {"train", "epochs", &C::epochs, 0, kHuge, {}, true},
      {"train", "steps", &C::steps, 0, kHuge, {}, true},
      {"train", "drop_last", &C::drop_last},
      {"train", "label_smoothing", &C::label_smoothing, 0, 0.999},
      {"train", "class_weights", &C::class_weights},
      {"train", "freeze", &C::freeze},
      {"train", "ema", &C::ema, 0, 0.999999},
      {"train", "early_stop", &C::early_stop, 0, kHuge, {}, true},
      {"train", "dtype", &C::dtype, 0, 0, {"auto", "f32", "bf16"}},
      {"train", "tune", &C::tune},
      {"train", "checkpoint", &C::checkpoint, 0, 1e6, {}, true},
      {"train", "memory_limit", &C::memory_limit, 0, 1e6, {}, true},
      {"train", "conv", &C::conv, 0, 0, {"auto", "direct"}},
      {"train", "seed", &C::seed, 0, kHuge},
      {"train", "eval_every", &C::eval_every, 0, kHuge},
      {"train", "log_every", &C::log_every, 0, kHuge, {}, true},
      {"train", "save_every", &C::save_every, 1, kHuge, {}, true},
      {"train", "test_flip", &C::test_flip},
      {"train", "test_shift", &C::test_shift, 0, 1024},
      {"train", "target_error", &C::target_error, 0, 100},
      {"optimizer", "lr", &C::lr, 0, kFinite},
      {"optimizer", "lr_batch", &C::lr_batch, 0, 1e6},
      {"optimizer", "bias_lr", &C::bias_lr, 0, 1e6},
      {"optimizer", "momentum", &C::momentum, 0, 0.9999},
      {"optimizer", "weight_decay", &C::weight_decay, 0, kFinite},
      {"optimizer", "nesterov", &C::nesterov},
      {"optimizer", "formula", &C::formula, 0, 0, {"pytorch", "caffe"}},
      {"optimizer", "decay_bn_and_bias", &C::decay_bn_and_bias},
      {"schedule", "kind", &C::schedule, 0, 0, {"constant", "steps", "cosine", "plateau"}},
      {"schedule", "milestones", &C::milestones, 0, kHuge},
      {"schedule", "unit", &C::unit, 0, 0, {"steps", "epochs"}},
      {"schedule", "factor", &C::factor, 0, 1},
      {"schedule", "patience", &C::patience, 1, kHuge},
      {"schedule", "warmup", &C::warmup, 0, kHuge},
      {"schedule", "warmup_lr", &C::warmup_lr, 0, kFinite},
      {"schedule", "warmup_until_error", &C::warmup_until_error, 0, 100},
      {"expect", "metric", &C::expect_metric, 0, 0, {"", "test_error"}, true},
      {"expect", "value", &C::expect_value, 0, 100, {}, true},
      {"expect", "tolerance", &C::expect_tolerance, 0, 100, {}, true},
      {"expect", "bound", &C::expect_bound, 0, 0, {"at_most", "at_least", "within"}, true},
      {"expect", "steps", &C::expect_steps, 0, kHuge, {}, true},
      {"expect", "source", &C::expect_source, 0, 0, {}, true},
  };
}

/// Shortest text that reads back to the same number, with a point or an exponent so that TOML sees a float.
template <class Float> std::string format_float(Float value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

std::string quote(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += {'\\', c};
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      out += fmt::format("\\u{:04X}", static_cast<unsigned>(c));
    else
      out += c;
  }
  return out + '"';
}

template <class T> std::string format_any(const T& value) {
  if constexpr (std::is_same_v<T, bool>)
    return value ? "true" : "false";
  else if constexpr (std::is_same_v<T, std::string>)
    return quote(value);
  else if constexpr (std::is_floating_point_v<T>)
    return format_float(value);
  else if constexpr (std::is_integral_v<T>)
    return std::to_string(value);
  else {
    std::string out = "[";
    for (size_t i = 0; i < value.size(); ++i) out += (i > 0 ? ", " : "") + format_float(value[i]);
    return out + "]";
  }
}

std::string number_problem(double value, const Field& field) {
  if (std::isnan(value)) return "must be a number, not nan";
  if (value < field.min) return fmt::format("must be at least {}, not {}", field.min, value);
  if (value > field.max) return fmt::format("must be at most {}, not {}", field.max, value);
  return "";
}

template <class T> std::string problem_of(const T& value, const Field& field) {
  if constexpr (std::is_same_v<T, bool>) {
    return "";
  } else if constexpr (std::is_same_v<T, std::string>) {
    const auto& choices = field.choices;
    if (choices.empty() || std::find(choices.begin(), choices.end(), value) != choices.end()) return "";
    std::string list;
    for (const std::string& choice : choices) list += (list.empty() ? "'" : ", '") + choice + "'";
    return "must be one of " + list + ", not '" + value + "'; did you mean '" + nearest(value, choices) + "'?";
  } else if constexpr (std::is_arithmetic_v<T>) {
    return number_problem(static_cast<double>(value), field);
  } else {
    for (const double v : value)
      if (std::string text = number_problem(v, field); !text.empty()) return "has an entry that " + text;
    return "";
  }
}

}  // namespace

const std::vector<Field>& fields() {
  static const std::vector<Field> all = [] {
    std::vector<Field> fields = input_fields();
    for (Field& field : training_fields()) fields.push_back(std::move(field));
    return fields;
  }();
  return all;
}

const Field& find_field(std::string_view key) {
  std::vector<std::string> keys;
  const bool with_section = key.find('.') != std::string_view::npos;
  for (const Field& f : fields()) {
    if (f.key() == key || (!with_section && f.name == key)) return f;
    keys.push_back(with_section ? f.key() : f.name);
  }
  const std::string near = nearest(key, keys);
  for (const Field& f : fields())
    if (f.key() == near || (!with_section && f.name == near))
      throw Error(join("unknown key '", key, "'; did you mean '", f.key(), "'?"));
  throw Error(join("unknown key '", key, "'"));
}

std::string format_value(const TrainConfig& config, const Field& field) {
  return std::visit([&](auto member) { return format_any(config.*member); }, field.member);
}

std::string problem(const TrainConfig& config, const Field& field) {
  return std::visit([&](auto member) { return problem_of(config.*member, field); }, field.member);
}

}  // namespace resnet
