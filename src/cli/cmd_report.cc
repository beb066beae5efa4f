// resnet report: the curves, results and settings of runs as one HTML page that can be sent to anybody.
#include "cli/command.h"
#include "cli/common.h"
#include "report/page.h"

namespace resnet::cli {

namespace {

struct ReportArgs {
  std::vector<std::string> runs;
  std::string output = "report.html";
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
  return record;
}

int run(const ReportArgs& args, const Output& out) {
  const std::vector<RunHistory> runs = read_runs(args.runs);
  write_output(args.output, report_page(runs));
  Json list = Json::array();
  for (const RunHistory& history : runs) list.push_back(to_json(history));
  out.record({{"report", args.output}, {"runs", list}});
  out.print("{}: the report of {} {}\n", args.output, runs.size(), runs.size() == 1 ? "run" : "runs");
  return 0;
}

const RegisterCommand registered{{
    .name = "report",
    .order = 80,
    .summary = "Write the curves and tables of runs as one HTML page",
    .example = "  resnet report runs/mine -o report.html\n"
               "  resnet report runs/plain56 runs/resnet56 -o compared.html\n",
    .setup = [](CLI::App& app, const Output& out) -> std::function<int()> {
      auto args = std::make_shared<ReportArgs>();
      app.add_option("RUN", args->runs, "Folders of runs (resnet train --output-dir)")->required()->type_name("");
      app.add_option("-o,--output", args->output, "The page to write")->type_name("FILE")->capture_default_str();
      return [args, &out] { return run(*args, out); };
    },
}};

}  // namespace

}  // namespace resnet::cli
