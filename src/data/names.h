// Many names end to end in one string: a million of them take no more than their letters.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace resnet {

class Names {
 public:
  void add(const std::string& name) {
    letters_ += name;
    ends_.push_back(letters_.size());
  }
  std::string at(int64_t i) const {
    const auto k = static_cast<size_t>(i);
    const size_t begin = k == 0 ? 0 : ends_.at(k - 1);
    return letters_.substr(begin, ends_.at(k) - begin);
  }

 private:
  std::string letters_;
  std::vector<size_t> ends_;
};

}  // namespace resnet
