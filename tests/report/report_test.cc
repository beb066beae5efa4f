// The report's parts: reading runs, ticks, escaping, and what the page holds.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "cli/program.h"
#include "report/axis.h"
#include "report/bars.h"
#include "report/chart.h"
#include "report/page.h"
#include "resnet/error.h"

namespace resnet {
namespace {

using cli_test::TempFolder;
using cli_test::write_file;

constexpr const char* kHeader =
    "epoch,step,lr,train_loss,train_error,test_loss,test_error,images_per_second,data_wait_share,seconds\n";

std::string error_of(const std::string& text) {
  try {
    parse_metrics(text, "metrics.csv");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Metrics, AreReadWithGaps) {
  const auto rows =
      parse_metrics(std::string(kHeader) + "1,10,0.1,2.5,90,,,1000,0.1,3\r\n2,20,0.1,2.0,80,2.1,81,1000,0.1,6\n", "m");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_FALSE(rows[0].test_error.has_value());
  EXPECT_EQ(rows[1].test_error, 81);
  EXPECT_EQ(rows[1].step, 20);
}

TEST(Metrics, DamageIsNamedWithItsLine) {
  EXPECT_NE(error_of("").find("empty"), std::string::npos);
  EXPECT_NE(error_of("a,b\n").find("metrics.csv:1"), std::string::npos);
  EXPECT_NE(error_of("epoch,step\n1,2\n1,2,3\n").find("metrics.csv:3: 3 fields"), std::string::npos);
  EXPECT_NE(error_of("epoch,step,lr\n1,2,0.1x\n").find("'0.1x'"), std::string::npos);
  EXPECT_NE(error_of("epoch,step\n1,20\n2,10\n").find("comes after"), std::string::npos);
}

TEST(Chart, TicksAreRoundAndCoverTheRange) {
  EXPECT_EQ(nice_ticks(0, 100, 5), (std::vector<double>{0, 20, 40, 60, 80, 100}));
  const auto ticks = nice_ticks(0.13, 0.87, 5);
  EXPECT_LE(ticks.front(), 0.13);
  EXPECT_GE(ticks.back(), 0.87);
  EXPECT_EQ(tick_text(64000), "64k");
  EXPECT_EQ(tick_text(0.001), "0.001");
}

TEST(Chart, OddValuesDoNotBreakIt) {
  EXPECT_EQ(to_html({}), "");
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Chart chart;
  chart.series = {{"one", 0, 0, {{0, 3}}}, {"gap", 1, 1, {{0, 1}, {1, nan}, {2, INFINITY}, {3, 2}}}};
  for (bool log : {false, true}) {
    chart.log_y = log;
    const std::string html = to_html(chart);
    EXPECT_EQ(html.find("nan"), std::string::npos) << html;
    EXPECT_EQ(html.find("inf"), std::string::npos) << html;
  }
}

TEST(Chart, AFileNeedsNothingElse) {
  Chart chart{.title = "a < b", .y_label = "error (%)"};
  EXPECT_EQ(to_svg(chart), "");
  chart.series = {{"one", 0, 0, {{0, 3}, {1, 50}}}, {"two", 1, 1, {{0, 4}, {1, 5}}, true}};
  chart.y_max = 20;
  chart.level = Level{10, "ten"};
  const std::string svg = to_svg(chart);
  EXPECT_EQ(svg.rfind("<svg xmlns=", 0), 0u);
  for (const char* part : {"a &lt; b", "error (%)", ">one</text>", ">two</text>", ">ten</text>", "prefers-color-scheme",
                           "stroke-dasharray", "line thin c1", ">20</text>"})
    EXPECT_NE(svg.find(part), std::string::npos) << part;
  EXPECT_EQ(svg.find(">50</text>"), std::string::npos) << "the axis ends at y_max";
  EXPECT_EQ(svg.find("var("), std::string::npos) << "many programs know no CSS variables";
}

TEST(Chart, TextIsEscaped) {
  EXPECT_EQ(escape_html("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
  EXPECT_EQ(escape_html("\xff"
                        "é\x01"),
            "\xef\xbf\xbd"
            "é ");
}

RunHistory run_of(const std::string& name, const std::string& lr, double error) {
  RunHistory run;
  run.name = name;
  MetricsRow row;
  row.epoch = 1, row.step = 391;
  row.train_loss = 1.5, row.train_error = 50, row.test_loss = 1.4, row.test_error = error, row.lr = 0.1;
  run.rows = {row};
  run.settings = {{"model.name", "\"cifar-resnet20\""}, {"optimizer.lr", lr}};
  return run;
}

TEST(Page, ShowsRunsAndMarksDifferences) {
  const std::string html = report_page({run_of("<b>one</b>", "0.1", 45), run_of("two", "0.2", 44)});
  EXPECT_EQ(html.find("<b>"), std::string::npos) << "names are escaped";
  EXPECT_NE(html.find("<tr class=\"differs\"><td><code>optimizer.lr</code>"), std::string::npos);
  EXPECT_EQ(html.find("<tr class=\"differs\"><td><code>model.name</code>"), std::string::npos);
  EXPECT_NE(html.find("<td class=\"number best\">44.00 %</td>"), std::string::npos);
  for (const char* outside : {"http:", "https:", "<script", "@import", "url("})
    EXPECT_EQ(html.find(outside), std::string::npos) << outside;
}

TEST(Page, RunsAreReadFromTheirFolders) {
  const TempFolder folder;
  write_file(folder / "a/run/metrics.csv", std::string(kHeader) + "1,10,0.1,2.5,90,2.4,89,1000,0.1,3\n");
  write_file(folder / "a/run/config.toml", "[optimizer]\nlr = 0.1\n");
  write_file(folder / "b/run/metrics.csv", kHeader);
  const auto runs = read_runs({folder / "a/run", folder / "b/run"});
  EXPECT_NE(runs[0].name, runs[1].name);
  EXPECT_EQ(runs[0].setting("optimizer.lr"), "0.1");
  EXPECT_FALSE(report_page({runs[1]}).empty()) << "a run without an epoch has a page, too";
  write_file(folder / "b/run/config.toml", "[optimizer]\nlr = = 1\n");
  try {
    read_run(folder / "b/run");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("config.toml:2"), std::string::npos) << error.what();
  }
}

TEST(Chart, HasALogarithmicAxisAndAMark) {
  Chart chart;
  chart.title = "a < b";
  chart.x_label = "learning rate";
  chart.log_x = true;
  chart.series = {Series{.label = "run", .points = {{1e-4, 3}, {1e-2, 2}, {1, 4}}}};
  chart.mark = {1e-2, "here"};
  const std::string svg = to_svg(chart);
  EXPECT_EQ(svg.rfind("<svg xmlns=", 0), 0u);
  for (const char* wanted : {"a &lt; b", ">0.0001<", ">0.01<", "here", "prefers-color-scheme: dark"})
    EXPECT_NE(svg.find(wanted), std::string::npos) << wanted;
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

TEST(Bars, AreDrawnWithPartsMarksAndNotes) {
  BarChart chart;
  chart.title = "time";
  chart.x_label = "ms";
  chart.part_labels = {"forward", "backward"};
  chart.mark_label = "roof";
  chart.sections = {{"by <step>", {{"conv1", {1, 2}, 0.5, "3 ms"}, {"none", {}, std::nullopt, ""}}}, {"empty", {}}};
  const std::string svg = to_svg(chart);
  for (const char* wanted : {"by &lt;step&gt;", "conv1", "3 ms", "backward", "roof", "mark c1"})
    EXPECT_NE(svg.find(wanted), std::string::npos) << wanted;
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find("inf"), std::string::npos);
}

}  // namespace
}  // namespace resnet
