// One line of a shapes file: an op's kind, then key=value pairs and bare flags.
//   conv name=layer1.0.conv2 x=32,56,56,64 out=64 kernel=3 pad=1 relu
// Errors name the file and the line; a key that no parser asked for is an error too.
#pragma once

#include <map>
#include <set>
#include <string>

#include "resnet/tensor.h"

namespace resnet::conformance {

class Line {
 public:
  Line(const std::string& text, std::string place);

  const std::string& kind() const { return kind_; }
  const std::string& place() const { return place_; }  ///< "bench/shapes_cifar.txt:12"
  std::string text(const std::string& key, const std::string& otherwise) const;
  int64_t integer(const std::string& key) const;  ///< must be there
  int64_t integer(const std::string& key, int64_t otherwise) const;
  float number(const std::string& key, float otherwise) const;
  Shape shape(const std::string& key) const;  ///< "32,56,56,64", must be there
  bool flag(const std::string& word) const;
  /// The same line with another value for a key.
  Line with(const std::string& key, const Shape& shape) const;
  /// Throws Error when the line holds something that was never asked for.
  void check_all_used() const;

 private:
  const std::string* find(const std::string& key) const;

  std::string kind_, place_;
  std::map<std::string, std::string> values_;  // a flag's value is empty
  mutable std::set<std::string> used_;
};

}  // namespace resnet::conformance
