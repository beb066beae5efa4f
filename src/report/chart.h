// Line charts as inline SVG: axes with units, a legend, colours that colour-blind readers can tell apart. Colours are CSS
// variables of the page (page_style.h), so that light and dark pages share the drawing.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace resnet {

constexpr int kColours = 8;  ///< CSS variables --c0 … --c7

struct Series {
  std::string label;
  int colour = 0;  ///< modulo kColours
  bool dashed = false;
  std::vector<std::pair<double, double>> points{};  ///< x rising
};

/// A vertical line at x, with a word.
struct Mark {
  double x = 0;
  std::string label;
};

struct Chart {
  std::string title;
  std::string x_label = "step", y_label;  ///< with the unit: "error (%)"
  bool from_zero = false;                 ///< the y axis starts at 0
  bool log_y = false;                     ///< only drawn so if all values are positive and differ much
  bool log_x = false;                     ///< else the x axis starts at 0
  std::vector<Series> series{};
  std::vector<Mark> marks{};
};

/// A <figure> with heading, legend and drawing; "" if no series has a point. All text is escaped.
std::string to_html(const Chart& chart);
/// The same as an SVG file of its own, several charts one below the other.
std::string to_svg(const std::vector<Chart>& charts);

/// Text for HTML: & < > " ' escaped; what is not UTF-8 becomes U+FFFD.
std::string escape_html(const std::string& text);

/// Round values that divide [low, high] into about `count` parts. low < high.
std::vector<double> nice_ticks(double low, double high, int count);
std::string tick_text(double value);  ///< "0.5", "64k"

}  // namespace resnet
