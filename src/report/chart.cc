#include "report/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "report/axis.h"
#include "report/svg.h"

namespace resnet {

namespace {

constexpr double kWidth = 640, kHeight = 340;
constexpr double kLeft = 62, kRight = 18, kTop = 10, kBottom = 46;
constexpr double kLogRatio = 5;       // a logarithmic axis is worth it from this ratio of largest to smallest value on
constexpr size_t kMarkedPoints = 40;  // longer series have kFewMarks markers and one at their end
constexpr size_t kFewMarks = 6;
constexpr double kTitleHeight = 30, kLegendLine = 19;
constexpr double kSampleWidth = 34;  // of a line in a legend

struct Axes {
  Axis x, y;
};

std::string grid(const Chart& chart, const Axes& axes) {
  const auto& [x, y] = axes;
  std::string svg;
  for (double v : y.ticks)
    svg += fmt::format(
        "<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{1:.1f}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/>"
        "<text x=\"{3:.1f}\" y=\"{4:.1f}\" text-anchor=\"end\">{5}</text>\n",
        x.from, x.to, y.at(v), x.from - 8, y.at(v) + 4, tick_text(v));
  for (double v : x.ticks)
    svg += fmt::format(
        "<line class=\"tick\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\"/>"
        "<text x=\"{0:.1f}\" y=\"{3:.1f}\" text-anchor=\"middle\">{4}</text>\n",
        x.at(v), y.from, y.from + 5, y.from + 19, tick_text(v));
  svg += fmt::format("<line class=\"axis\" x1=\"{0:.1f}\" x2=\"{1:.1f}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/>\n", x.from,
                     x.to, y.from);
  svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n", (x.from + x.to) / 2,
                     kHeight - 6, escape_html(chart.x_label));
  const double middle = (y.from + y.to) / 2;
  return svg +
         fmt::format(
             "<text transform=\"rotate(-90 14 {0:.1f})\" x=\"14\" y=\"{0:.1f}\" text-anchor=\"middle\">{1}</text>\n",
             middle, escape_html(chart.y_label));
}

std::string level(const Level& level, const Axes& axes) {
  const auto& [x, y] = axes;
  return fmt::format(
      "<line class=\"level\" x1=\"{0:.1f}\" x2=\"{1:.1f}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/>"
      "<text x=\"{1:.1f}\" y=\"{3:.1f}\" text-anchor=\"end\">{4}</text>\n",
      x.from, x.to, y.at(level.y), y.at(level.y) - 5, escape_html(level.label));
}

std::string vertical(const Mark& mark, const Axes& axes) {
  const auto& [x, y] = axes;
  const double at = x.at(mark.x);
  const bool left = at > (x.from + x.to) / 2;  // the label stands where there is room
  return fmt::format(
      "<line class=\"level\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\"/>"
      "<text x=\"{3:.1f}\" y=\"{4:.1f}\" text-anchor=\"{5}\">{6}</text>\n",
      at, y.from, y.to, at + (left ? -6 : 6), y.to + 12, left ? "end" : "start", escape_html(mark.label));
}

// A circle, square, triangle, diamond or inverted triangle: the shape changes with the colour, for those who cannot tell the colours apart.
std::string marker(int colour, double x, double y) {
  const std::string paint = fmt::format("class=\"mark c{}\"", colour % kColours);
  switch (colour % kColours % 5) {
    case 0:
      return fmt::format("<circle {} cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.2\"/>", paint, x, y);
    case 1:
      return fmt::format("<rect {} x=\"{:.1f}\" y=\"{:.1f}\" width=\"6\" height=\"6\"/>", paint, x - 3, y - 3);
    case 2:
      return fmt::format("<path {} d=\"M{:.1f} {:.1f}l4 7h-8z\"/>", paint, x, y - 4);
    case 3:
      return fmt::format("<path {} d=\"M{:.1f} {:.1f}l4 4l-4 4l-4-4z\"/>", paint, x, y - 4);
    default:
      return fmt::format("<path {} d=\"M{:.1f} {:.1f}l4-7h-8z\"/>", paint, x, y + 4);
  }
}

std::string stroke(const Series& s) {
  constexpr std::array<const char*, kDashes> kPatterns = {"", "6 4", "2 3", "9 3 2 3", "12 4"};
  const std::string pattern = kPatterns[static_cast<size_t>(s.dash % kDashes)];
  return fmt::format("class=\"line{} c{}\"{}", s.thin ? " thin" : "", s.colour % kColours,
                     pattern.empty() ? "" : " stroke-dasharray=\"" + pattern + "\"");
}

// A thin line belongs to a bold one and has a marker at its end only.
bool is_marked(const Series& s, size_t i) {
  const size_t n = s.points.size();
  if (i + 1 == n) return true;
  if (s.thin) return false;
  const size_t every = (n + kFewMarks - 1) / kFewMarks;
  return n <= kMarkedPoints || i % every == every / 2;
}

std::string line(const Series& s, const Axes& axes) {
  const auto& [x, y] = axes;
  std::string path, marks;
  bool pen_down = false;
  for (size_t i = 0; i < s.points.size(); ++i) {
    const auto [px, py] = s.points[i];
    if (!std::isfinite(py)) {  // a gap
      pen_down = false;
      continue;
    }
    path += fmt::format("{}{:.1f} {:.1f}", pen_down ? 'L' : 'M', x.at(px), y.at(py));
    pen_down = true;
    if (!is_marked(s, i)) continue;
    const std::string tip = fmt::format("{}: {:.5g} at {:.7g}", escape_html(s.label), py, px);
    marks += fmt::format("<g>{}<title>{}</title></g>", marker(s.colour, x.at(px), y.at(py)), tip);
  }
  return fmt::format("<path {} d=\"{}\"><title>{}</title></path>{}\n", stroke(s), path, escape_html(s.label), marks);
}

std::string sample(const Series& s, double x, double y) {
  const std::string marks = s.thin ? "" : marker(s.colour, x + kSampleWidth / 2, y);
  return fmt::format("<path {} d=\"M{:.1f} {:.1f}h{:.0f}\"/>{}", stroke(s), x, y, kSampleWidth, marks);
}

std::vector<Series> drawn(const Chart& chart) {
  std::vector<Series> series = chart.series;
  std::erase_if(series, [](const Series& s) { return s.points.empty(); });
  return series;
}

std::string html_legend(const Chart& chart) {
  std::string html = "<ul class=\"legend\">";
  for (const Series& s : drawn(chart))
    html +=
        fmt::format("<li><svg viewBox=\"0 0 36 12\" width=\"36\" height=\"12\" aria-hidden=\"true\">{}</svg>{}</li>",
                    sample(s, 1, 6), escape_html(s.label));
  return html + "</ul>\n";
}

// Columns as wide as the longest label, under the title. Where thin lines belong to bold ones, a pair stays on its line.
struct SvgLegend {
  std::string svg;
  double height = 0;
};

SvgLegend svg_legend(const Chart& chart) {
  constexpr double kGap = 22;
  const std::vector<Series> series = drawn(chart);
  double longest = 0;
  for (const Series& s : series) longest = std::max(longest, svg_text_width(s.label));
  const double width = kSampleWidth + 8 + longest + kGap;
  size_t columns = std::max<size_t>(1, static_cast<size_t>((kWidth - kRight - kLeft + kGap) / width));
  const bool pairs = std::any_of(series.begin(), series.end(), [](const Series& s) { return s.thin; });
  if (pairs && columns > 1) columns -= columns % 2;
  SvgLegend legend;
  for (size_t i = 0; i < series.size(); ++i) {
    const double x = kLeft + static_cast<double>(i % columns) * width;
    const double y = kTitleHeight + (static_cast<double>(i / columns) + 0.5) * kLegendLine;
    legend.svg += sample(series[i], x, y) + fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n",
                                                        x + kSampleWidth + 8, y + 4.5, escape_html(series[i].label));
  }
  legend.height = static_cast<double>((series.size() + columns - 1) / columns) * kLegendLine;
  return legend;
}

Axes axes_of(const Chart& chart, const Range& xs, Range ys) {
  if (chart.y_max) ys.high = std::min(ys.high, *chart.y_max);
  if (chart.level) ys.add(chart.level->y);
  Axes axes;
  auto& [x, y] = axes;
  x = chart.log_x && xs.low > 0 ? log_axis(xs) : linear_axis(xs, 6, /*from_zero=*/true);
  const bool log = chart.log_y && ys.low > 0 && ys.high >= kLogRatio * ys.low;
  y = log ? log_axis(ys) : linear_axis(ys, 5, chart.from_zero);
  if (x.log) x.low = std::min(xs.low, x.high / 10);
  x.high = std::max(xs.high, x.low + 1e-9);  // the x axis ends with the data, not at a tick
  std::erase_if(x.ticks, [&](double v) { return v > x.high * (1 + 1e-9) || v < x.low * (1 - 1e-9); });
  x.from = kLeft, x.to = kWidth - kRight;
  y.from = kHeight - kBottom, y.to = kTop;
  return axes;
}

// Everything but title and legend; "" if there is nothing to draw.
std::string drawing(const Chart& chart) {
  Range xs, ys;
  for (const Series& s : chart.series)
    for (const auto& [px, py] : s.points) {
      xs.add(px);
      ys.add(py);
    }
  if (!std::isfinite(xs.low) || !std::isfinite(ys.low) || (chart.y_max && ys.low >= *chart.y_max)) return "";
  const Axes axes = axes_of(chart, xs, ys);
  std::string lines;
  for (const Series& s : drawn(chart)) lines += line(s, axes);
  // An inner <svg> cuts off what is outside of it; markers at the other sides may stick out.
  if (chart.y_max)
    lines =
        fmt::format("<svg x=\"{0}\" y=\"{1}\" width=\"{2}\" height=\"{3}\" viewBox=\"{0} {1} {2} {3}\">\n{4}</svg>\n",
                    kLeft - 6, kTop, kWidth - kLeft - kRight + 12, kHeight - kTop - kBottom + 6, lines);
  return grid(chart, axes) + (chart.level ? level(*chart.level, axes) : "") +
         (chart.mark ? vertical(*chart.mark, axes) : "") + lines;
}

}  // namespace

std::string to_html(const Chart& chart) {
  const std::string svg = drawing(chart);
  if (svg.empty()) return "";
  return fmt::format(
      "<figure>\n<figcaption>{0}</figcaption>\n{1}<svg viewBox=\"0 0 {2} {3}\" role=\"img\" "
      "aria-label=\"{0}\">\n{4}</svg>\n</figure>\n",
      escape_html(chart.title), html_legend(chart), kWidth, kHeight, svg);
}

std::string to_svg(const Chart& chart) {
  const std::string svg = drawing(chart);
  if (svg.empty()) return "";
  const SvgLegend legend = svg_legend(chart);
  const double top = kTitleHeight + legend.height, height = top + kHeight;
  return svg_document(chart.title, kWidth, height,
                      svg_title(chart.title, kLeft) + legend.svg +
                          fmt::format("<g transform=\"translate(0 {})\">\n{}</g>\n", top, svg));
}

}  // namespace resnet
