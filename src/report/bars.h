// Horizontal bars as an SVG file: what something is made of, largest values readable at a glance.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace resnet {

struct Bar {
  std::string label;
  std::vector<double> parts;   ///< not negative, drawn one behind the other
  std::optional<double> mark;  ///< a line across the bar at this value
  std::string note;            ///< text behind the bar
};

struct BarSection {
  std::string heading;
  std::vector<Bar> bars;
};

struct BarChart {
  std::string title;
  std::string x_label;                   ///< with the unit
  std::vector<std::string> part_labels;  ///< of Bar::parts
  std::string mark_label;                ///< empty: there are no marks
  std::vector<BarSection> sections;      ///< each on a scale of its own
};

/// All text is escaped.
std::string to_svg(const BarChart& chart);

}  // namespace resnet
