#include "report/bars.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "report/axis.h"
#include "report/chart.h"
#include "report/svg.h"

namespace resnet {

namespace {

constexpr double kMargin = 16, kRow = 22, kBar = 14, kHeading = 30, kLegend = 34, kFoot = 46;
constexpr double kDrawn = 420;      // pixels from 0 to the end of the scale
constexpr double kMostLabel = 260;  // pixels; a longer label is pressed together

double total(const Bar& bar) { return std::accumulate(bar.parts.begin(), bar.parts.end(), 0.0); }

struct Columns {
  double left = 0, notes = 0;  // widths of the labels and of the notes
  double width() const { return left + kDrawn + kMargin + notes + kMargin; }
};

Columns columns_of(const BarChart& chart) {
  Columns columns;
  for (const BarSection& section : chart.sections)
    for (const Bar& bar : section.bars) {
      columns.left = std::max(columns.left, std::min(svg_text_width(bar.label), kMostLabel));
      columns.notes = std::max(columns.notes, svg_text_width(bar.note));
    }
  columns.left += kMargin + 10;
  return columns;
}

struct Scale {
  double left = 0;  // where 0 is drawn
  double unit = 1;  // pixels
  std::vector<double> ticks;

  double at(double value) const { return left + value * unit; }
};

Scale scale_of(const BarSection& section, double left) {
  double most = 0;
  for (const Bar& bar : section.bars) most = std::max({most, total(bar), bar.mark.value_or(0)});
  Scale scale{left, 1, nice_ticks(0, most > 0 ? most : 1, 5)};
  scale.unit = kDrawn / scale.ticks.back();
  return scale;
}

std::string legend(const BarChart& chart) {
  std::string svg;
  double x = kMargin;
  for (size_t i = 0; i < chart.part_labels.size(); ++i) {
    svg += fmt::format(
        "<rect x=\"{0:.1f}\" y=\"{1:.1f}\" width=\"14\" height=\"12\" rx=\"2\" class=\"mark c{2}\"/>"
        "<text x=\"{3:.1f}\" y=\"{4:.1f}\">{5}</text>\n",
        x, kLegend, i, x + 20, kLegend + 10.5, escape_html(chart.part_labels[i]));
    x += 20 + svg_text_width(chart.part_labels[i]) + 18;
  }
  if (!chart.mark_label.empty())
    svg += fmt::format(
        "<rect x=\"{0:.1f}\" y=\"{1:.1f}\" width=\"3\" height=\"16\" class=\"limit\"/>"
        "<text x=\"{2:.1f}\" y=\"{3:.1f}\">{4}</text>\n",
        x + 5, kLegend - 2, x + 16, kLegend + 10.5, escape_html(chart.mark_label));
  return svg;
}

std::string row(const Bar& bar, const Scale& l, double y) {
  const double top = y + (kRow - kBar) / 2, base = y + kRow / 2 + 4.5;
  const bool pressed = svg_text_width(bar.label) > kMostLabel;
  std::string svg =
      fmt::format("<text class=\"name\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\"{}>{}</text>", l.left - 8, base,
                  pressed ? fmt::format(" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\"", kMostLabel) : "",
                  escape_html(bar.label));
  double from = 0;
  for (size_t i = 0; i < bar.parts.size(); ++i) {
    svg += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{}\" class=\"mark c{}\"/>",
                       l.at(from), top, bar.parts[i] * l.unit, kBar, i);
    from += bar.parts[i];
  }
  if (bar.mark)
    svg += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"3\" height=\"{}\" class=\"limit\"/>",
                       l.at(*bar.mark) - 1.5, top - 2, kBar + 4);
  const double end = std::max(from, bar.mark.value_or(0));
  return svg + fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", l.at(end) + 8, base, escape_html(bar.note));
}

std::string axis(const BarChart& chart, const Scale& l, double top, double bottom) {
  std::string svg;
  for (const double v : l.ticks)
    svg += fmt::format(
        "<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\"/>"
        "<text x=\"{0:.1f}\" y=\"{3:.1f}\" text-anchor=\"middle\">{4}</text>\n",
        l.at(v), top, bottom, bottom + 17, tick_text(v));
  return svg + fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n", l.left + kDrawn / 2,
                           bottom + 36, escape_html(chart.x_label));
}

}  // namespace

std::string to_svg(const BarChart& chart) {
  const Columns columns = columns_of(chart);
  std::string body = svg_title(chart.title, kMargin) + legend(chart);
  double y = kLegend + 20;
  for (const BarSection& section : chart.sections) {
    const Scale scale = scale_of(section, columns.left);
    body += fmt::format("<text class=\"name\" font-weight=\"600\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", kMargin,
                        y + kHeading - 9, escape_html(section.heading));
    y += kHeading;
    const double end = y + kRow * static_cast<double>(section.bars.size());
    body += axis(chart, scale, y - 2, end + 4);
    for (const Bar& bar : section.bars) {
      body += row(bar, scale, y);
      y += kRow;
    }
    y += kFoot;
  }
  return svg_document(chart.title, columns.width(), y, body);
}

}  // namespace resnet
