#include "conformance/line.h"

#include <charconv>
#include <sstream>
#include <vector>

#include "core/check.h"

namespace resnet::conformance {

namespace {

template <class T> T parse(const std::string& text, const std::string& key, const std::string& place) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  CHECK(error == std::errc() && end == text.data() + text.size(), place, ": ", key, "=", text, " is not a number");
  return value;
}

}  // namespace

Line::Line(const std::string& text, std::string place) : place_(std::move(place)) {
  std::istringstream words(text);
  words >> kind_;
  for (std::string word; words >> word;) {
    const size_t equals = word.find('=');
    const std::string key = word.substr(0, equals);
    CHECK(!values_.count(key), place_, ": '", key, "' is given twice");
    values_[key] = equals == std::string::npos ? "" : word.substr(equals + 1);
  }
}

const std::string* Line::find(const std::string& key) const {
  used_.insert(key);
  const auto it = values_.find(key);
  return it == values_.end() ? nullptr : &it->second;
}

std::string Line::text(const std::string& key, const std::string& otherwise) const {
  const std::string* value = find(key);
  return value ? *value : otherwise;
}

int64_t Line::integer(const std::string& key) const {
  const std::string* value = find(key);
  CHECK(value, place_, ": ", kind_, " needs ", key, "=…");
  return parse<int64_t>(*value, key, place_);
}

int64_t Line::integer(const std::string& key, int64_t otherwise) const {
  const std::string* value = find(key);
  return value ? parse<int64_t>(*value, key, place_) : otherwise;
}

float Line::number(const std::string& key, float otherwise) const {
  const std::string* value = find(key);
  return value ? parse<float>(*value, key, place_) : otherwise;
}

Shape Line::shape(const std::string& key) const {
  const std::string* value = find(key);
  CHECK(value, place_, ": ", kind_, " needs ", key, "=N,H,W,C");
  std::vector<int64_t> extents;
  std::istringstream parts(*value);
  for (std::string part; std::getline(parts, part, ',');) extents.push_back(parse<int64_t>(part, key, place_));
  CHECK(extents.size() == 4, place_, ": ", key, "=", *value, " has ", extents.size(), " extents; four are expected");
  for (int64_t e : extents) CHECK(e > 0, place_, ": ", key, "=", *value, ": extents are positive");
  return Shape(std::span<const int64_t>(extents));
}

bool Line::flag(const std::string& word) const {
  const std::string* value = find(word);
  CHECK(!value || value->empty(), place_, ": '", word, "' takes no value");
  return value != nullptr;
}

Line Line::with(const std::string& key, const Shape& shape) const {
  Line changed = *this;
  const std::string text = shape.str();  // "[1,2,3,4]"
  changed.values_[key] = text.substr(1, text.size() - 2);
  return changed;
}

void Line::check_all_used() const {
  for (const auto& [key, value] : values_) CHECK(used_.count(key), place_, ": ", kind_, " knows no '", key, "'");
}

}  // namespace resnet::conformance
