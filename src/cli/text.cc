#include "cli/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace resnet::cli {

std::string grouped(int64_t n) {
  std::string digits = std::to_string(n < 0 ? -n : n);
  for (int i = static_cast<int>(digits.size()) - 3; i > 0; i -= 3) digits.insert(digits.begin() + i, ',');
  if (n < 0) digits.insert(digits.begin(), '-');
  return digits;
}

std::string human_count(double n) {
  constexpr std::array<const char*, 5> kUnits = {"", " k", " M", " G", " T"};
  size_t unit = 0;
  for (; std::abs(n) >= 999.5 && unit + 1 < kUnits.size(); ++unit) n /= 1000;
  return unit == 0 ? fmt::format("{:.0f}", n) : fmt::format("{:.{}f}{}", n, n < 10 ? 2 : n < 100 ? 1 : 0, kUnits[unit]);
}

std::string human_bytes(double bytes) {
  constexpr std::array<const char*, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  for (; std::abs(bytes) >= 1023.5 && unit + 1 < kUnits.size(); ++unit) bytes /= 1024;
  return unit == 0 ? fmt::format("{:.0f} B", bytes)
                   : fmt::format("{:.{}f} {}", bytes,
                                 bytes < 10    ? 2
                                 : bytes < 100 ? 1
                                               : 0,
                                 kUnits[unit]);
}

std::string human_duration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "?";
  const int64_t s = std::llround(seconds), hours = s / 3600;
  if (hours >= 48) return fmt::format("{} d {} h", hours / 24, hours % 24);
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, s / 60 % 60, s % 60);
  return fmt::format("{}:{:02}", s / 60, s % 60);
}

std::string percent(double value, int decimals) { return fmt::format("{:.{}f} %", value, decimals); }

std::string shell_word(const std::string& text) {
  constexpr const char* kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,+@%";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string quoted = "'";
  for (char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string one_line(const std::string& text) {
  constexpr size_t kLongest = 3000, kHead = 2000, kTail = 500;
  const auto printable = [](std::string_view part) {
    std::string out;
    for (const char c : part) {
      const auto code = static_cast<unsigned char>(c);
      if (c == '\n')
        out += "\\n";
      else if (code < 0x20 || code == 0x7f)
        out += fmt::format("\\x{:02x}", code);
      else
        out += c;
    }
    return out;
  };
  const std::string_view all = text;
  if (all.size() <= kLongest) return printable(all);
  return fmt::format("{} … ({} bytes left out) … {}", printable(all.substr(0, kHead)), all.size() - kHead - kTail,
                     printable(all.substr(all.size() - kTail)));
}

size_t display_width(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string shortened(const std::string& text, size_t width) {
  if (display_width(text) <= width) return text;
  size_t end = 0, shown = 0;
  for (; end < text.size(); ++end) {
    const bool starts = (text[end] & 0xc0) != 0x80;
    if (starts && shown + 1 >= width) break;
    shown += starts;
  }
  return text.substr(0, end) + "…";
}

std::vector<size_t> Table::widths() const {
  std::vector<size_t> widths;
  for (const Column& column : columns_) widths.push_back(display_width(column.title));
  for (const auto& row : rows_) {
    if (row.size() != columns_.size()) continue;
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
  }
  return widths;
}

std::string Table::str(const std::string& indent) const {
  const std::vector<size_t> width = widths();
  const auto line = [&](const auto& cell) {
    std::string text = indent;
    for (size_t i = 0; i < columns_.size(); ++i) {
      const std::string value = cell(i);
      const std::string padding(width[i] - display_width(value), ' ');
      text += (i > 0 ? "  " : "") + (columns_[i].align == Align::left ? value + padding : padding + value);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text + "\n";
  };
  const auto rule = [&] { return line([&](size_t i) { return std::string(width[i], '-'); }); };
  std::string text = line([&](size_t i) { return columns_[i].title; }) + rule();
  for (const auto& row : rows_) {
    if (row.empty())
      text += rule();
    else if (row.size() != columns_.size())
      text += indent + "  " + row[0] + "\n";
    else
      text += line([&](size_t i) { return row[i]; });
  }
  return text;
}

}  // namespace resnet::cli
