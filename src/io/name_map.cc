#include "io/name_map.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/check.h"
#include "io/state_dict.h"

namespace resnet {

namespace {

/// Taken off where all names but the head's begin with them, in any order and number.
constexpr std::string_view kPrefixes[] = {"module.",  "_orig_mod.", "model.",     "net.",
                                          "network.", "resnet.",    "bottom_up.", "backbone."};
constexpr std::string_view kHeads[] = {"fc.", "classifier.", "head.", "linear."};

struct Captures {
  std::array<std::string_view, 8> text;
  size_t n = 0;
};

size_t digits(std::string_view s) {
  const size_t end = s.find_first_not_of("0123456789");
  return end == std::string_view::npos ? s.size() : end;
}

bool match(std::string_view name, std::string_view pattern, Captures& captures) {
  for (; !pattern.empty(); pattern.remove_prefix(1)) {
    size_t taken = 1;
    if (pattern[0] == '*') {
      taken = name.size();
    } else if (pattern[0] == '#') {
      taken = digits(name);
      if (taken == 0 || taken > 4) return false;
    } else if (pattern[0] == '@') {
      if (name.empty() || name[0] < 'a' || name[0] > 'z') return false;
      taken = 1 + digits(name.substr(1));
    } else if (name.empty() || name[0] != pattern[0]) {
      return false;
    }
    if (pattern[0] == '*' || pattern[0] == '#' || pattern[0] == '@')
      captures.text[captures.n++] = name.substr(0, taken);
    name.remove_prefix(taken);
  }
  return name.empty();
}

/// "a" is 0, "c" 2, "b12" 12; numbers are themselves.
int64_t value_of(std::string_view capture) {
  const bool letter = capture[0] >= 'a';
  if (letter && capture.size() == 1) return capture[0] - 'a';
  int64_t value = 0;
  std::from_chars(capture.data() + letter, capture.data() + capture.size(), value);
  return value;
}

bool is_head(std::string_view name) {
  return std::any_of(std::begin(kHeads), std::end(kHeads), [&](auto head) { return name.starts_with(head); });
}

/// The prefix of the list that all names but the head's have, or "".
std::string_view common_prefix(const StateDict& tensors) {
  for (const std::string_view prefix : kPrefixes) {
    bool all = true, any = false;
    for (const auto& [name, tensor] : tensors) {
      const bool has = name.starts_with(prefix);
      any |= has;
      all &= has || is_head(name) || !is_network_tensor(name);
    }
    if (all && any) return prefix;
  }
  return "";
}

StateDict without_prefix(const StateDict& tensors, std::string_view prefix, const std::string& file) {
  StateDict result;
  for (const auto& [name, tensor] : tensors) {
    const std::string shorter = name.starts_with(prefix) ? name.substr(prefix.size()) : name;
    CHECK(result.emplace(shorter, tensor).second, file, ": '", shorter, "' is there with and without the prefix '",
          prefix, "'");
  }
  return result;
}

const NameMap* map_of(const StateDict& tensors) {
  for (const NameMap& map : name_maps())
    for (const auto& [name, tensor] : tensors)
      if (Captures ignored; match(name, map.sign, ignored)) return &map;
  return nullptr;
}

/// A classifier that is written as a convolution is the linear layer that it computes.
Tensor flat_head(const std::string& name, const Tensor& tensor) {
  const Shape& s = tensor.shape();
  if (!is_head(name) || !name.ends_with(".weight") || s.rank() != 4) return tensor;
  return tensor.reshaped({s[0], s[1] * s[2] * s[3]});
}

}  // namespace

std::string rename(std::string_view name, const NameRule& rule) {
  Captures captures;
  if (!match(name, rule.from, captures)) return "";
  std::string result;
  for (std::string_view to = rule.to; !to.empty(); to.remove_prefix(1)) {
    if (to[0] != '{') {
      result += to[0];
      continue;
    }
    const std::string_view capture = captures.text[static_cast<size_t>(to[1] - '0')];
    const bool letter =
        !capture.empty() && capture[0] >= 'a' && std::string_view(rule.from).find('@') != std::string::npos;
    if (to[2] != '}')
      result += std::to_string(value_of(capture) + (to[2] == '+' ? to[3] - '0' : '0' - to[3]));
    else if (letter && to.substr(3, 1) == ".")
      result += std::to_string(value_of(capture));
    else
      result += capture;
    to.remove_prefix(to.find('}'));
  }
  return result;
}

RenamedTensors to_torchvision_names(const StateDict& tensors, const std::string& file) {
  RenamedTensors result;
  StateDict rest = tensors;
  const NameMap* map = map_of(rest);
  while (map == nullptr) {
    const std::string_view prefix = common_prefix(rest);
    if (prefix.empty()) break;
    result.removed += prefix;
    rest = without_prefix(rest, prefix, file);
    map = map_of(rest);
  }
  if (map != nullptr) {
    result.program = map->program;
    result.habit = map->habit;
  }
  for (const auto& [name, tensor] : rest) {
    std::string to;
    for (size_t i = 0; map != nullptr && to.empty() && i < map->rules.size(); ++i) to = rename(name, map->rules[i]);
    if (to.empty()) to = name;
    CHECK(result.tensors.emplace(to, flat_head(to, tensor)).second, file, ": two tensors, one of them '", name,
          "', are both '", to, "' in torchvision's names");
  }
  return result;
}

}  // namespace resnet
