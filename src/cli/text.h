// Numbers and tables as people read them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace resnet::cli {

std::string grouped(int64_t n);                       ///< "1,234,567"
std::string human_count(double n);                    ///< "41.2 M"
std::string human_bytes(double bytes);                ///< "1.50 MiB"
std::string human_duration(double seconds);           ///< "0:09", "1:02:03", "2 d 3 h"
std::string percent(double value, int decimals = 2);  ///< of a value in percent: "91.25 %"
/// A word as a POSIX shell reads it back: quoted only where needed.
std::string shell_word(const std::string& text);
/// Text for a message of one line: control characters as \n and \x1b, the middle of what is very long left out.
std::string one_line(const std::string& text);
/// Code points of UTF-8 text: its width in a terminal, near enough.
size_t display_width(const std::string& text);
/// At most `width` code points, the last one "…" where something was cut.
std::string shortened(const std::string& text, size_t width);

/// A text table with a header and a rule below it.
class Table {
 public:
  enum class Align { left, right };
  struct Column {
    std::string title;
    Align align = Align::right;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  /// A line across.
  void rule() { rows_.emplace_back(); }
  /// Text under the last row, over the whole width.
  void note(std::string text) { rows_.push_back({std::move(text)}); }
  std::string str(const std::string& indent = "") const;

 private:
  std::vector<size_t> widths() const;
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;  // empty: a rule; one cell of a wider table: a note
};

}  // namespace resnet::cli
