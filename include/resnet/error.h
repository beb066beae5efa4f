// The one error type of the library. Every failure that a caller or a user can cause is an Error whose text names
// what failed, where, the offending value and the likely fix.
#pragma once

#include <stdexcept>
#include <string>

namespace resnet {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace resnet
