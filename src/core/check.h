// CHECK(cond, parts...): throws resnet::Error with the parts joined (anything that prints to an ostream).
// The text is for the user: what, where, the offending value, the likely fix.
#pragma once

#include <sstream>
#include <string>

#include "resnet/error.h"

namespace resnet {

/// The parts, printed one after the other.
template <class... Parts> std::string join(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return std::move(out).str();
}

}  // namespace resnet

#define CHECK(cond, ...)                                             \
  do {                                                               \
    if (!(cond)) throw ::resnet::Error(::resnet::join(__VA_ARGS__)); \
  } while (false)
