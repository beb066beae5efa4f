// Who reads what: results go to standard output (text for people, or JSON lines with --json), logs and progress to standard
// error (nothing with --quiet).
#pragma once

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>

namespace resnet::cli {

/// Keeps the keys in the order in which they were set.
using Json = nlohmann::ordered_json;

struct Output {
  bool json = false;
  bool quiet = false;
  std::string program = "resnet";  ///< as it was called, for commands that are proposed to the user

  /// A result as one JSON line; nothing without --json.
  void record(const Json& value) const;
  /// A result for people; nothing with --json.
  template <class... Args> void print(fmt::format_string<Args...> format, Args&&... args) const {
    if (!json) write_result(fmt::format(format, std::forward<Args>(args)...));
  }
  /// Logs; nothing with --quiet.
  template <class... Args> void log(fmt::format_string<Args...> format, Args&&... args) const {
    if (!quiet) write_log(fmt::format(format, std::forward<Args>(args)...));
  }
  /// Failures that do not end the command; also with --quiet. "resnet: " is put before, a newline behind.
  void error(const std::string& text) const;

 private:
  static void write_result(const std::string& text);
  static void write_log(const std::string& text);
};

/// Throws Error when something that was printed to standard output could not be written (a full disk).
void check_stdout();
bool stderr_is_terminal();

}  // namespace resnet::cli
