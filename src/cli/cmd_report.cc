// resnet report: the curves, results and settings of runs as one HTML page that can be sent to anybody.
#include <filesystem>

#include "cli/command.h"
#include "cli/common.h"
#include "cli/text.h"
#include "core/check.h"
#include "core/counted.h"
#include "io/atomic_file.h"
#include "report/page.h"

namespace resnet::cli {

namespace {

struct ReportArgs {
  std::vector<std::string> runs;
  std::string output = "report.html", responses, svg_dir;
};

Json to_json(const RunHistory& run) {
  const auto value = [&](std::optional<double> MetricsRow::*column) {
    const std::optional<double> v = last_value(run, column);
    return v ? Json(*v) : Json();
  };
  const MetricsRow* best = best_row(run);
  Json record = {{"run", run.folder},
                 {"name", run.name},
                 {"epochs", run.rows.size()},
                 {"step", run.rows.empty() ? 0 : run.rows.back().step},
                 {"train_loss", value(&MetricsRow::train_loss)},
                 {"train_error", value(&MetricsRow::train_error)},
                 {"test_loss", value(&MetricsRow::test_loss)},
                 {"test_error", value(&MetricsRow::test_error)}};
  record["best_test_error"] = best == nullptr ? Json() : Json(*best->test_error);
  record["best_step"] = best == nullptr ? Json() : Json(best->step);
  if (!run.setting("train.target_error").empty()) record["target_step"] = value(&MetricsRow::target_step);
  return record;
}

// The files that were written.
std::vector<std::string> write_svgs(const std::string& folder, const std::vector<Figure>& figures) {
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  CHECK(std::filesystem::is_directory(folder), "--svg-dir ", folder, " is no folder and cannot be made one");
  std::vector<std::string> files;
  for (const Figure& figure : figures) {
    const std::string svg = to_svg(figure.chart);
    if (svg.empty()) continue;
    files.push_back(folder + "/" + figure.file + ".svg");
    write_file_atomically(files.back(), svg);
  }
  return files;
}

int run(const ReportArgs& args, const Output& out) {
  CHECK(!args.runs.empty() || !args.responses.empty(), "nothing to report: name folders of runs, or give --responses");
  const std::vector<RunHistory> runs = read_runs(args.runs);
  std::vector<Responses> responses;
  if (!args.responses.empty()) responses = read_responses(args.responses);
  write_output(args.output, report_page(runs, responses));
  std::vector<std::string> svgs;
  if (!args.svg_dir.empty()) {
    std::vector<Figure> figures = paper_figures(runs, responses);
    for (Figure& figure : run_figures(runs)) figures.push_back(std::move(figure));
    svgs = write_svgs(args.svg_dir, figures);
  }
  Json list = Json::array();
  for (const RunHistory& history : runs) list.push_back(to_json(history));
  out.record({{"report", args.output}, {"svg", svgs}, {"runs", list}});
  out.print("{}: the report of {}\n", args.output, counted(static_cast<int64_t>(runs.size()), "run"));
  for (const std::string& svg : svgs) out.print("{}\n", svg);
  return 0;
}

const RegisterCommand registered{{
    .name = "report",
    .order = 80,
    .summary = "Write the curves and tables of runs as one HTML page",
    .example = "  resnet report runs/mine -o report.html\n"
               "  resnet report runs/plain56 runs/resnet56 -o compared.html\n"
               "  resnet report runs/plain20 runs/plain56 --responses responses.csv --svg-dir figures\n",
    .setup = [](CLI::App& app, const Output& out) -> std::function<int()> {
      auto args = std::make_shared<ReportArgs>();
      app.add_option("RUN", args->runs, "Folders of runs (resnet train --output-dir)")->type_name("");
      app.add_option("-o,--output", args->output, "The page to write")->type_name("FILE")->capture_default_str();
      app.add_option("--svg-dir", args->svg_dir, "Write every figure as an SVG file too")->type_name("DIR");
      app.add_option("--responses", args->responses, "Table of `resnet explain responses`, for the paper's figure 7")
          ->type_name("FILE.csv");
      return [args, &out] { return run(*args, out); };
    },
}};

}  // namespace

}  // namespace resnet::cli
