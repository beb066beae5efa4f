// Fields of the tables that runs write. None of them has a comma inside.
#pragma once

#include <charconv>
#include <string>
#include <vector>

#include "core/check.h"

namespace resnet {

/// The whole file. Throws Error naming it.
std::string read_text(const std::string& path);

std::vector<std::string> split_csv(std::string line);

/// Throws Error naming `where` and the column for text that is no T.
template <class T> T csv_number(const std::string& text, const std::string& column, const std::string& where) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  CHECK(error == std::errc() && end == text.data() + text.size(), where, ": ", column, " is '", text,
        "', not a number");
  return value;
}

}  // namespace resnet
