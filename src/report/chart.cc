#include "report/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/svg.h"

namespace resnet {

namespace {

constexpr double kWidth = 640, kHeight = 340;
constexpr double kLeft = 62, kRight = 18, kTop = 10, kBottom = 46;
constexpr double kLogRatio = 5;       // a logarithmic axis is worth it from this ratio of largest to smallest value on
constexpr size_t kMarkedPoints = 40;  // longer series have a marker at their end only

struct Axis {
  double low = 0, high = 1, from = 0, to = 1;  // values and where they are drawn
  bool log = false;
  std::vector<double> ticks;

  double at(double v) const {
    const auto f = [&](double x) { return log ? std::log10(x) : x; };
    return from + (f(v) - f(low)) / (f(high) - f(low)) * (to - from);
  }
};

struct Range {
  double low = INFINITY, high = -INFINITY;
  void add(double v) {
    if (!std::isfinite(v)) return;
    low = std::min(low, v);
    high = std::max(high, v);
  }
};

Axis linear_axis(Range range, int ticks, bool from_zero) {
  if (from_zero) range.add(0);
  if (range.low == range.high) {  // one value: some room on both sides
    const double room = range.low == 0 ? 1 : std::abs(range.low) * 0.5;
    range.high += room;
    if (!from_zero || range.low != 0) range.low -= room;
  }
  Axis axis;
  axis.ticks = nice_ticks(range.low, range.high, ticks);
  axis.low = std::min(range.low, axis.ticks.front());
  axis.high = std::max(range.high, axis.ticks.back());
  return axis;
}

Axis log_axis(const Range& range) {
  Axis axis;
  axis.log = true;
  axis.low = std::pow(10, std::floor(std::log10(range.low)));
  axis.high = std::pow(10, std::ceil(std::log10(range.high)));
  if (axis.high <= axis.low) axis.high = axis.low * 10;
  const double decades = std::round(std::log10(axis.high / axis.low)), every = std::ceil(decades / 7);
  for (double d = 0; d <= decades; d += every) axis.ticks.push_back(axis.low * std::pow(10, d));
  return axis;
}

std::string grid(const Chart& chart, const Axis& x, const Axis& y) {
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

// A circle, square, triangle or diamond: the shape changes with the colour, for those who cannot tell the colours apart.
std::string marker(int colour, double x, double y) {
  const std::string paint = fmt::format("fill=\"var(--c{})\"", colour % kColours);
  switch (colour % 4) {
    case 0:
      return fmt::format("<circle {} cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.2\"/>", paint, x, y);
    case 1:
      return fmt::format("<rect {} x=\"{:.1f}\" y=\"{:.1f}\" width=\"6\" height=\"6\"/>", paint, x - 3, y - 3);
    case 2:
      return fmt::format("<path {} d=\"M{:.1f} {:.1f}l4 7h-8z\"/>", paint, x, y - 4);
    default:
      return fmt::format("<path {} d=\"M{:.1f} {:.1f}l4 4l-4 4l-4-4z\"/>", paint, x, y - 4);
  }
}

std::string stroke(const Series& s) {
  return fmt::format("class=\"line\" stroke=\"var(--c{})\"{}", s.colour % kColours,
                     s.dashed ? " stroke-dasharray=\"5 4\"" : "");
}

std::string line(const Series& s, const Axis& x, const Axis& y, const std::string& x_label) {
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
    const bool mark = i + 1 == s.points.size() || (s.points.size() <= kMarkedPoints && !s.dashed);
    if (!mark) continue;
    const std::string tip = fmt::format("{}: {:.5g} at {} {:.7g}", escape_html(s.label), py, escape_html(x_label), px);
    marks += fmt::format("<g>{}<title>{}</title></g>", marker(s.colour, x.at(px), y.at(py)), tip);
  }
  return fmt::format("<path {} d=\"{}\"><title>{}</title></path>{}\n", stroke(s), path, escape_html(s.label), marks);
}

std::string mark(const Mark& m, const Axis& x, const Axis& y) {
  const double at = x.at(m.x);
  const bool left = at > (x.from + x.to) / 2;  // the word stands where there is room
  return fmt::format(
      "<line class=\"limit\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\"/>"
      "<text x=\"{3:.1f}\" y=\"{4:.1f}\" text-anchor=\"{5}\">{6}</text>\n",
      at, y.from, y.to, at + (left ? -6 : 6), y.to + 12, left ? "end" : "start", escape_html(m.label));
}

std::string legend(const Chart& chart) {
  std::string html = "<ul class=\"legend\">";
  for (const Series& s : chart.series)
    if (!s.points.empty())
      html += fmt::format(
          "<li><svg viewBox=\"0 0 34 12\" width=\"34\" height=\"12\" aria-hidden=\"true\"><path {} d=\"M1 "
          "6H33\"/>{}</svg>{}</li>",
          stroke(s), marker(s.colour, 17, 6), escape_html(s.label));
  return html + "</ul>\n";
}

// What stands in a box of kWidth by kHeight; "" if no series has a point.
std::string drawing(const Chart& chart) {
  Range xs, ys;
  for (const Series& s : chart.series)
    for (const auto& [px, py] : s.points) {
      xs.add(px);
      ys.add(py);
    }
  if (!std::isfinite(xs.low) || !std::isfinite(ys.low)) return "";
  Axis x = chart.log_x && xs.low > 0 ? log_axis(xs) : linear_axis(xs, 6, /*from_zero=*/true);
  const bool log = chart.log_y && ys.low > 0 && ys.high >= kLogRatio * ys.low;
  Axis y = log ? log_axis(ys) : linear_axis(ys, 5, chart.from_zero);
  if (x.log) x.low = std::min(xs.low, x.high / 10);
  x.high = std::max(xs.high, x.low * (1 + 1e-9) + 1e-9);  // the x axis ends with the data, not at a tick
  std::erase_if(x.ticks, [&](double v) { return v > x.high * (1 + 1e-9) || v < x.low * (1 - 1e-9); });
  x.from = kLeft, x.to = kWidth - kRight;
  y.from = kHeight - kBottom, y.to = kTop;
  std::string svg = grid(chart, x, y);
  for (const Series& s : chart.series)
    if (!s.points.empty()) svg += line(s, x, y, chart.x_label);
  for (const Mark& m : chart.marks) svg += mark(m, x, y);
  return svg;
}

// Title and legend of a drawing of its own; their height is added to `height`.
std::string heading(const Chart& chart, double& height) {
  constexpr double kTitle = 34, kRow = 20, kIndent = 16, kSign = 40;
  std::string svg = svg_title(chart.title, kIndent);
  double x = kIndent, y = kTitle;
  for (const Series& s : chart.series) {
    if (s.points.empty()) continue;
    const double width = kSign + svg_text_width(s.label) + kIndent;
    if (x > kIndent && x + width > kWidth) x = kIndent, y += kRow;
    svg += fmt::format(
        "<g transform=\"translate({:.1f} {:.1f})\"><path {} d=\"M1 6H33\"/>{}<text x=\"{}\" y=\"10\">{}</text></g>\n",
        x, y, stroke(s), marker(s.colour, 17, 6), kSign, escape_html(s.label));
    x += width;
  }
  height += y + kRow;
  return svg;
}

}  // namespace

std::string to_html(const Chart& chart) {
  const std::string svg = drawing(chart);
  if (svg.empty()) return "";
  return fmt::format(
      "<figure>\n<figcaption>{0}</figcaption>\n{1}<svg viewBox=\"0 0 {2} {3}\" role=\"img\" "
      "aria-label=\"{0}\">\n{4}</svg>\n</figure>\n",
      escape_html(chart.title), legend(chart), kWidth, kHeight, svg);
}

std::string to_svg(const std::vector<Chart>& charts) {
  std::string body;
  double height = 0;
  for (const Chart& chart : charts) {
    double head = 0;
    const std::string above = heading(chart, head);
    body +=
        fmt::format("<g transform=\"translate(0 {:.1f})\">\n{}<g transform=\"translate(0 {:.1f})\">\n{}</g>\n</g>\n",
                    height, above, head, drawing(chart));
    height += head + kHeight;
  }
  return svg_document(charts.empty() ? "" : charts.front().title, kWidth, height, body);
}

std::vector<double> nice_ticks(double low, double high, int count) {
  const double rough = (high - low) / count, power = std::pow(10, std::floor(std::log10(rough)));
  double step = power * 10;
  for (double factor : {1.0, 2.0, 5.0})
    if (power * factor >= rough * 0.999) {
      step = power * factor;
      break;
    }
  std::vector<double> ticks;
  const double first = std::floor(low / step + 1e-9), last = std::ceil(high / step - 1e-9);
  for (double i = first; i <= last; ++i) ticks.push_back(i * step);
  return ticks;
}

std::string tick_text(double value) {
  if (std::abs(value) < 1e-12) return "0";
  if (std::abs(value) >= 1e6) return fmt::format("{:.6g}M", value / 1e6);
  if (std::abs(value) >= 1e4) return fmt::format("{:.6g}k", value / 1e3);
  return fmt::format("{:.6g}", value);
}

}  // namespace resnet
