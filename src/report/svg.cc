#include "report/svg.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/chart.h"
#include "report/chart_style.h"

namespace resnet {

std::string svg_document(const std::string& title, double width, double height, const std::string& body) {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\" "
      "aria-label=\"{2}\">\n<style>{3}{4}</style>\n<rect class=\"ground\" width=\"{0}\" height=\"{1}\"/>\n{5}</svg>\n",
      width, height, escape_html(title), kChartStyle, kSvgFileStyle, body);
}

std::string svg_title(const std::string& title, double x) {
  return fmt::format("<text class=\"title\" x=\"{}\" y=\"20\">{}</text>\n", x, escape_html(title));
}

double svg_text_width(const std::string& text) {
  constexpr double kCharacter = 6.9;
  const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
  return kCharacter * static_cast<double>(std::count_if(text.begin(), text.end(), begins));
}

}  // namespace resnet
