#include "report/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "report/chart.h"
#include "report/chart_style.h"
#include "report/page_style.h"

namespace resnet {

namespace {

using Column = std::optional<double> MetricsRow::*;

constexpr const char* kTestError = "test error";

// A heading and its charts; nothing where none of them has a point.
std::string section(const std::string& heading, const std::vector<Figure>& figures) {
  std::string html;
  for (const Figure& figure : figures) html += to_html(figure.chart);
  if (html.empty()) return "";
  return (heading.empty() ? "" : "<h2>" + heading + "</h2>\n") + "<div class=\"charts\">\n" + html + "</div>\n";
}

std::string number(const std::optional<double>& value, int decimals, const std::string& unit = "") {
  return value && std::isfinite(*value) ? fmt::format("{:.{}f}{}", *value, decimals, unit) : "–";
}

std::string duration(const std::optional<double>& seconds) {
  if (!seconds || !std::isfinite(*seconds)) return "–";
  const auto s = static_cast<int64_t>(std::llround(*seconds));
  return s >= 3600 ? fmt::format("{} h {:02} min", s / 3600, s / 60 % 60)
                   : fmt::format("{} min {:02} s", s / 60, s % 60);
}

std::optional<double> mean_of(const RunHistory& run, Column column) {
  double sum = 0;
  int64_t n = 0;
  for (const MetricsRow& row : run.rows)
    if ((row.*column).has_value()) {
      sum += *(row.*column);
      ++n;
    }
  return n == 0 ? std::nullopt : std::optional<double>(sum / static_cast<double>(n));
}

std::string expectation(const RunHistory& run) {
  if (run.setting("expect.metric").empty()) return "–";
  const std::string bound = run.setting("expect.bound");
  const std::string side = bound == "at_most" ? ", or less" : bound == "at_least" ? ", or more" : "";
  return run.setting("expect.value") + " ± " + run.setting("expect.tolerance") + " %" + side;
}

// One line of the table of results.
struct Result {
  std::string title;
  std::function<std::string(const RunHistory&)> text;
};

std::vector<Result> result_lines() {
  const auto last = [](Column column, int decimals, const std::string& unit) {
    return [=](const RunHistory& run) { return number(last_value(run, column), decimals, unit); };
  };
  const auto lowest = [](const RunHistory& run) {
    const MetricsRow* row = best_row(run);
    return row == nullptr ? "–" : number(row->test_error, 2, " %") + fmt::format(" at step {}", row->step);
  };
  const auto wait = [](const RunHistory& run) {
    const std::optional<double> share = mean_of(run, &MetricsRow::data_wait_share);
    return share ? number(*share * 100, 1, " %") : "–";
  };
  return {
      {"model", [](const RunHistory& run) { return run.setting("model.name"); }},
      {"data", [](const RunHistory& run) { return run.setting("data.path"); }},
      {"steps", [](const RunHistory& run) { return std::to_string(run.rows.empty() ? 0 : run.rows.back().step); }},
      {"epochs", [](const RunHistory& run) { return std::to_string(run.rows.empty() ? 0 : run.rows.back().epoch); }},
      {"training loss", last(&MetricsRow::train_loss, 4, "")},
      {"training error", last(&MetricsRow::train_error, 2, " %")},
      {"test loss", last(&MetricsRow::test_loss, 4, "")},
      {kTestError, last(&MetricsRow::test_error, 2, " %")},
      {"lowest test error", lowest},
      {"expected by the recipe", expectation},
      {"pictures per second (mean)",
       [](const RunHistory& run) { return number(mean_of(run, &MetricsRow::images_per_second), 0); }},
      {"waited for data", wait},
      {"time", [](const RunHistory& run) { return duration(last_value(run, &MetricsRow::seconds)); }}};
}

// The run with the lowest final test error, or null.
const RunHistory* best_run(const std::vector<RunHistory>& runs) {
  const RunHistory* best = nullptr;
  double lowest = INFINITY;
  for (const RunHistory& run : runs) {
    const std::optional<double> error = last_value(run, &MetricsRow::test_error);
    if (!error || *error >= lowest) continue;
    best = &run;
    lowest = *error;
  }
  return best;
}

std::string results(const std::vector<RunHistory>& runs) {
  const RunHistory* best = runs.size() > 1 ? best_run(runs) : nullptr;
  std::string html = "<div class=\"scroll\"><table>\n<tr><th></th>";
  for (const RunHistory& run : runs) html += "<th class=\"number\">" + escape_html(run.name) + "</th>";
  html += "</tr>\n";
  for (const Result& line : result_lines()) {
    html += "<tr><th>" + line.title + "</th>";
    for (const RunHistory& run : runs)
      html += fmt::format("<td class=\"number{}\">{}</td>", &run == best && line.title == kTestError ? " best" : "",
                          escape_html(line.text(run)));
    html += "</tr>\n";
  }
  return html + "</table></div>\n";
}

// Keys of all runs, in their order.
std::vector<std::string> setting_keys(const std::vector<RunHistory>& runs) {
  std::set<std::string> keys;
  for (const RunHistory& run : runs)
    for (const auto& [key, value] : run.settings) keys.insert(key);
  return {keys.begin(), keys.end()};
}

bool differs(const std::vector<RunHistory>& runs, const std::string& key) {
  return std::any_of(runs.begin(), runs.end(),
                     [&](const RunHistory& run) { return run.setting(key) != runs[0].setting(key); });
}

std::string settings_table(const std::vector<RunHistory>& runs, const std::vector<std::string>& keys) {
  std::string html = "<div class=\"scroll\"><table>\n<tr><th>setting</th>";
  for (const RunHistory& run : runs) html += "<th>" + escape_html(run.name) + "</th>";
  html += "</tr>\n";
  for (const std::string& key : keys) {
    const bool differing = differs(runs, key);
    html += fmt::format("<tr{}><td><code>{}</code>{}</td>", differing ? " class=\"differs\"" : "", escape_html(key),
                        differing ? " ≠" : "");
    for (const RunHistory& run : runs) html += "<td><code>" + escape_html(run.setting(key)) + "</code></td>";
    html += "</tr>\n";
  }
  return html + "</table></div>\n";
}

std::string settings(const std::vector<RunHistory>& runs) {
  const std::vector<std::string> keys = setting_keys(runs);
  if (keys.empty()) return "<p>The folders hold no config.toml.</p>\n";
  if (runs.size() == 1) return settings_table(runs, keys);
  std::vector<std::string> differing;
  std::copy_if(keys.begin(), keys.end(), std::back_inserter(differing),
               [&](const std::string& k) { return differs(runs, k); });
  std::string html = differing.empty() ? "<p>All runs have the same settings.</p>\n"
                                       : "<p>What differs between the runs:</p>\n" + settings_table(runs, differing);
  return html + "<details><summary>All settings</summary>\n" + settings_table(runs, keys) + "</details>\n";
}

}  // namespace

std::optional<double> last_value(const RunHistory& run, Column column) {
  for (auto row = run.rows.rbegin(); row != run.rows.rend(); ++row)
    if (((*row).*column).has_value()) return (*row).*column;
  return std::nullopt;
}

const MetricsRow* best_row(const RunHistory& run) {
  const MetricsRow* best = nullptr;
  for (const MetricsRow& row : run.rows)
    if (row.test_error && (best == nullptr || *row.test_error < *best->test_error)) best = &row;
  return best;
}

std::string report_page(const std::vector<RunHistory>& runs, const std::vector<Responses>& responses) {
  std::string names;
  for (const RunHistory& run : runs) names += (names.empty() ? "" : ", ") + run.name;
  const std::string title = escape_html(runs.empty() ? "Responses" : (runs.size() == 1 ? "Run " : "Runs ") + names);
  std::string body = section("", run_figures(runs));
  if (body.empty() && !runs.empty()) body = "<p>No epoch has been finished yet, so there is nothing to draw.</p>\n";
  body += section("The paper's figures", paper_figures(runs, responses));
  if (!runs.empty()) body += "<h2>Results</h2>\n" + results(runs) + "<h2>Settings</h2>\n" + settings(runs);
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\">\n<title>{0}</title>\n<style>{1}{2}</style>\n"
      "</head>\n<body>\n<h1>{0}</h1>\n<p>Errors are top-1, in percent. Training error is the mean over an epoch, on "
      "augmented pictures, while the weights change.</p>\n{3}</body>\n</html>\n",
      title, kPageStyle, kChartStyle, body);
}

}  // namespace resnet
