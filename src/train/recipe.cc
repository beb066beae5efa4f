// Recipes: TOML to TrainConfig and back, and what is wrong with one, said with file and line.
#include "train/recipe.h"

#include <toml++/toml.h>

#include <algorithm>
#include <charconv>

#include "core/check.h"
#include "core/cpu.h"
#include "core/nearest.h"
#include "io/atomic_file.h"
#include "resnet/train.h"
#include "train/augmentation.h"
#include "train/fields.h"

namespace resnet {

namespace {

std::string place(const std::string& path, const toml::source_region& source) {
  return join(path, ":", source.begin.line, ": ");
}

/// What a member wants, for people.
template <class T> constexpr const char* type_name() {
  if constexpr (std::is_same_v<T, bool>)
    return "true or false";
  else if constexpr (std::is_same_v<T, std::string>)
    return "a text in quotes";
  else if constexpr (std::is_floating_point_v<T>)
    return "a number";
  else if constexpr (std::is_integral_v<T>)
    return "a whole number";
  else
    return "a list of numbers";
}

/// True when the node's type fits T (whole numbers serve as numbers, but not the other way).
template <class T> bool assign_node(const toml::node& node, T& out) {
  if constexpr (std::is_same_v<T, std::vector<double>>) {
    const toml::array* list = node.as_array();
    if (!list) return false;
    out.clear();
    for (const toml::node& item : *list)
      if (!assign_node(item, out.emplace_back())) return false;
    return true;
  } else if constexpr (std::is_floating_point_v<T>) {
    if (!node.is_number()) return false;
    out = static_cast<T>(*node.value<double>());
    return true;
  } else if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, std::string>) {
    const auto value = node.value_exact<T>();
    if (value) out = *value;
    return value.has_value();
  } else {
    const auto value = node.value_exact<int64_t>();
    if (!value || !std::in_range<T>(*value)) return false;
    out = static_cast<T>(*value);
    return true;
  }
}

void read_field(TrainConfig& config, const Field& field, const toml::node& node, const std::string& path) {
  std::visit(
      [&](auto member) {
        using T = std::remove_reference_t<decltype(config.*member)>;
        CHECK(assign_node(node, config.*member), place(path, node.source()), field.key(), " must be ", type_name<T>(),
              ", not ", toml::node_view<const toml::node>(node));
      },
      field.member);
  const std::string text = problem(config, field);
  CHECK(text.empty(), place(path, node.source()), field.key(), " ", text);
}

std::vector<std::string> section_names() {
  std::vector<std::string> names;
  for (const Field& f : fields())
    if (names.empty() || names.back() != f.section) names.push_back(f.section);
  return names;
}

const Field& field_at(const std::string& section, const toml::key& name, const std::string& path) {
  std::vector<std::string> names;
  for (const Field& f : fields()) {
    if (f.section != section) continue;
    if (f.name == name.str()) return f;
    names.push_back(f.name);
  }
  throw Error(join(place(path, name.source()), "unknown key '", name.str(), "' in [", section, "]; did you mean '",
                   nearest(name.str(), names), "'?"));
}

/// Dotted keys nest tables, and a parser that follows thousands of them runs out of stack.
void check_nesting(const std::string& text, const std::string& path) {
  constexpr int kMostDots = 100;
  int dots = 0;
  int64_t line = 1;
  for (const char c : text) {
    if (c == '.') CHECK(++dots <= kMostDots, path, ":", line, ": a key of more than ", kMostDots, " parts");
    if (c == '\n') ++line;
    if (c == '\n' || c == '=' || c == ',' || c == '[' || c == '{') dots = 0;
  }
}

toml::table parse_toml(const std::string& text, const std::string& path) {
  check_nesting(text, path);
  try {
    return toml::parse(text, path);
  } catch (const toml::parse_error& e) {
    throw Error(join(place(path, e.source()), e.description()));
  }
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

template <class T> bool assign_text(std::string_view text, T& out) {
  text = trimmed(text);
  if constexpr (std::is_same_v<T, std::string>) {
    const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
    out = quoted ? text.substr(1, text.size() - 2) : text;
    return true;
  } else if constexpr (std::is_same_v<T, bool>) {
    out = text == "true";
    return text == "true" || text == "false";
  } else if constexpr (std::is_arithmetic_v<T>) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size();
  } else {
    if (text.starts_with('[') && text.ends_with(']')) text = trimmed(text.substr(1, text.size() - 2));
    out.clear();
    while (!text.empty()) {
      const size_t comma = text.find(',');
      if (!assign_text(text.substr(0, comma), out.emplace_back())) return false;
      text = comma == std::string_view::npos ? "" : text.substr(comma + 1);
    }
    return true;
  }
}

}  // namespace

TrainConfig load_recipe(const std::string& path) { return parse_recipe(read_text_file(path), path); }

TrainConfig parse_recipe(const std::string& text, const std::string& path) {
  const toml::table root = parse_toml(text, path);
  const std::vector<std::string> sections = section_names();
  TrainConfig config;
  for (const auto& [section, node] : root) {
    const std::string name(section.str());
    const bool known = std::find(sections.begin(), sections.end(), name) != sections.end();
    const toml::table* table = node.as_table();
    CHECK(known || !table, place(path, section.source()), "unknown section [", name, "]; did you mean [",
          nearest(name, sections), "]?");
    CHECK(table, place(path, section.source()), "'", name, "' stands outside of a section; recipes have the sections ",
          "model, data, train, optimizer, schedule and expect");
    for (const auto& [key, value] : *table) read_field(config, field_at(name, key, path), value, path);
  }
  return config;
}

void set_option(TrainConfig& config, const std::string& key, const std::string& value) {
  const Field& field = find_field(key);
  TrainConfig changed = config;
  std::visit(
      [&](auto member) {
        using T = std::remove_reference_t<decltype(changed.*member)>;
        CHECK(assign_text(value, changed.*member), field.key(), " must be ", type_name<T>(), ", not '", value, "'");
      },
      field.member);
  const std::string text = problem(changed, field);
  CHECK(text.empty(), field.key(), " ", text);
  // A length given now replaces the recipe's, in whatever unit that was.
  if (field.key() == "train.epochs" && changed.epochs > 0) changed.steps = 0;
  if (field.key() == "train.steps" && changed.steps > 0) changed.epochs = 0;
  config = std::move(changed);
}

std::string to_toml(const TrainConfig& config) {
  std::string text, section;
  for (const Field& f : fields()) {
    if (f.section != section) text += (text.empty() ? "[" : "\n[") + f.section + "]\n";
    section = f.section;
    text += f.name + " = " + format_value(config, f) + "\n";
  }
  return text;
}

std::string changed_settings(const TrainConfig& now, const TrainConfig& then) {
  std::string differences;
  for (const Field& f : fields()) {
    const std::string was = format_value(then, f), is = format_value(now, f);
    const bool open = is == "\"auto\"" || (f.key() == "model.image_size" && is == "0");
    if (!f.resumable && was != is && !open)
      differences += join(differences.empty() ? "" : ", ", f.key(), " was ", was, " and is now ", is);
  }
  return differences;
}

void check_resumable(const TrainConfig& now, const TrainConfig& stored, const std::string& path) {
  const std::string differences = changed_settings(now, resolve(stored));
  CHECK(differences.empty(), "cannot resume from ", path, ": ", differences,
        "; resume with the run's own settings (config.toml beside it), or start a new run with pretrained weights");
}

TrainConfig resolve(const TrainConfig& config) {
  TrainConfig resolved = config;
  resolved.image_size = make_model(config.model, {.image_size = config.image_size}).input_shape()[1];
  if (config.dtype == "auto") resolved.dtype = isa() >= Isa::avx512_bf16 ? "bf16" : "f32";
  return resolved;
}

void validate(const TrainConfig& config) {
  for (const Field& f : fields()) {
    const std::string text = problem(config, f);
    CHECK(text.empty(), f.key(), " ", text);
  }
  CHECK((config.epochs > 0) != (config.steps > 0),
        "a run is as long as train.epochs or train.steps says; exactly one of ",
        "them must be positive, not epochs = ", config.epochs, " and steps = ", config.steps);
  CHECK(config.bn_group == 0 || config.batch % config.bn_group == 0, "train.batch = ", config.batch,
        " is not a multiple of model.bn_group = ", config.bn_group);
  CHECK(config.early_stop == 0 || config.eval_every > 0,
        "train.early_stop counts evaluations after epochs; train.eval_every must be at least 1");
  validate_augmentation(config);
  CHECK(std::is_sorted(config.milestones.begin(), config.milestones.end()),
        "schedule.milestones must rise, but one of them is lower than the one before");
  CHECK(config.schedule == "steps" || config.milestones.empty(),
        "schedule.milestones have no meaning for schedule.kind = '", config.schedule,
        "'; use kind = \"steps\" or remove them");
  CHECK(config.schedule != "plateau" || config.eval_every > 0,
        "schedule.kind = 'plateau' looks at the validation error after epochs; train.eval_every must be at least 1");
  CHECK(config.warmup_until_error == 0 || config.warmup_lr > 0,
        "schedule.warmup_until_error needs schedule.warmup_lr, the learning rate until then, to be positive");
  CHECK(config.warmup_until_error == 0 || config.warmup == 0,
        "schedule.warmup and schedule.warmup_until_error cannot both be on");
  CHECK(!config.nesterov || config.momentum > 0, "optimizer.nesterov needs optimizer.momentum to be positive");
  CHECK(!config.resume || !config.output_dir.empty(), "to resume, the run's output folder must be given");
  CHECK(!config.whiten || config.pretrained.empty(),
        "model.whiten is for a network that starts anew, not for one that starts from pretrained weights");
  CHECK(!config.resume || config.pretrained.empty(), "a run is resumed or started from pretrained weights, not both");
}

}  // namespace resnet
