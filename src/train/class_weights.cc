#include "train/class_weights.h"

#include <charconv>
#include <cmath>

#include "core/check.h"

namespace resnet {

namespace {

// A class without pictures has weight 1: its weight only meets the share that smoothing gives it.
std::vector<float> balanced(const Dataset& train) {
  std::vector<int64_t> pictures(train.classes().size(), 0);
  for (int64_t i = 0; i < train.size(); ++i) ++pictures[static_cast<size_t>(train.label(i))];
  const double even = static_cast<double>(train.size()) / static_cast<double>(pictures.size());
  std::vector<float> weights;
  for (const int64_t n : pictures) weights.push_back(n > 0 ? static_cast<float>(even / static_cast<double>(n)) : 1.0f);
  return weights;
}

float parse_weight(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  float value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  CHECK(error == std::errc() && end == text.data() + text.size() && std::isfinite(value) && value >= 0,
        "train.class_weights: '", text, "' is no weight; give 'balanced', or a number of at least 0 for each class, ",
        "separated by commas");
  return value;
}

}  // namespace

std::vector<float> class_weights(const std::string& setting, const Dataset& train) {
  if (setting.empty()) return {};
  if (setting == "balanced") return balanced(train);
  std::vector<float> weights;
  std::string_view rest = setting;
  while (true) {
    const size_t comma = rest.find(',');
    weights.push_back(parse_weight(rest.substr(0, comma)));
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  const size_t classes = train.classes().size();
  CHECK(weights.size() == classes, "train.class_weights has ", weights.size(), " numbers for ", classes,
        " classes (in this order: ", train.classes().front(), ", …)");
  double sum = 0;
  for (const float w : weights) sum += w;
  CHECK(sum > 0, "train.class_weights are all 0");
  return weights;
}

}  // namespace resnet
