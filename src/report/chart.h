// Line charts as SVG, inside a page or as files of their own: axes with units, a legend, colours that colour-blind readers can
// tell apart, and dashes and markers for those who see none. Colours are CSS classes (chart_style.h), for light and dark.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace resnet {

constexpr int kColours = 8;  ///< CSS classes c0 … c7
constexpr int kDashes = 5;   ///< 0: a solid line

struct Series {
  std::string label;
  int colour = 0;                                   ///< modulo kColours
  int dash = 0;                                     ///< modulo kDashes
  std::vector<std::pair<double, double>> points{};  ///< x rising
  bool thin = false;
};

/// A horizontal line across the chart.
struct Level {
  double y = 0;
  std::string label;
};

/// A vertical line across the chart.
struct Mark {
  double x = 0;
  std::string label;
};

struct Chart {
  std::string title;
  std::string x_label = "step", y_label;  ///< with the unit: "error (%)"
  bool from_zero = false;                 ///< the y axis starts at 0
  bool log_y = false;                     ///< only drawn so if all values are positive and differ much
  std::vector<Series> series{};
  std::optional<double> y_max{};  ///< what lies above is cut off
  std::optional<Level> level{};
  bool log_x = false;  ///< where all x are positive; else the axis starts at 0
  std::optional<Mark> mark{};
};

/// A <figure> with heading, legend and drawing; "" if no series has a point. All text is escaped.
std::string to_html(const Chart& chart);
/// The same as an SVG file that needs no style sheet; "" if no series has a point.
std::string to_svg(const Chart& chart);

/// Text for HTML: & < > " ' escaped; what is not UTF-8 becomes U+FFFD.
std::string escape_html(const std::string& text);

}  // namespace resnet
