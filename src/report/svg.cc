#include "report/svg.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/chart.h"
#include "report/page_style.h"

namespace resnet {

std::string svg_document(const std::string& title, double width, double height, const std::string& body) {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "role=\"img\" aria-label=\"{2}\">\n<title>{2}</title>\n<style>{3}{4}text {{ font-family: system-ui, \"Segoe "
      "UI\", "
      "Roboto, \"Helvetica Neue\", Arial, sans-serif; }}\n.title {{ font-weight: 600; font-size: 15px; fill: "
      "var(--text); "
      "}}\n.name {{ fill: var(--text); }}\n</style>\n<rect width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "fill=\"var(--back)\"/>\n"
      "{5}</svg>\n",
      width, height, escape_html(title), kPalette, kDrawingStyle, body);
}

std::string svg_title(const std::string& title, double x) {
  return fmt::format("<text class=\"title\" x=\"{:.1f}\" y=\"22\">{}</text>\n", x, escape_html(title));
}

double svg_text_width(const std::string& text) {
  constexpr double kCharacter = 7;
  const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
  return kCharacter * static_cast<double>(std::count_if(text.begin(), text.end(), begins));
}

}  // namespace resnet
