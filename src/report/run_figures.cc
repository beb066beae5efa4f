// What is drawn of any runs, whatever they trained.
#include "report/figures.h"

namespace resnet {

namespace {

using Column = std::optional<double> MetricsRow::*;

Series series_of(const RunHistory& run, Column column, const std::string& label, int colour, int dash) {
  Series s{label, colour, dash, {}};
  for (const MetricsRow& row : run.rows)
    if ((row.*column).has_value()) s.points.emplace_back(static_cast<double>(row.step), *(row.*column));
  return s;
}

// One line a run; with `train`, a thin and dashed one for training beside the bold one for the test.
void add_runs(Chart& chart, const std::vector<RunHistory>& runs, Column test, Column train) {
  const bool several = runs.size() > 1;
  for (size_t i = 0; i < runs.size(); ++i) {
    const std::string prefix = several ? runs[i].name + ", " : "";
    const int colour = static_cast<int>(i);
    chart.series.push_back(series_of(runs[i], test, prefix + "test", colour, 0));
    chart.series.push_back(series_of(runs[i], train, prefix + "training", several ? colour : colour + 1, 1));
    chart.series.back().thin = true;
  }
}

Chart single(const std::string& title, const std::string& unit, const std::vector<RunHistory>& runs, Column column) {
  Chart chart;
  chart.title = title;
  chart.y_label = unit;
  for (size_t i = 0; i < runs.size(); ++i)
    chart.series.push_back(series_of(runs[i], column, runs[i].name, static_cast<int>(i), static_cast<int>(i)));
  return chart;
}

}  // namespace

std::vector<Figure> run_figures(const std::vector<RunHistory>& runs) {
  Chart error{.title = "Error", .y_label = "top-1 error (%)", .from_zero = true};
  add_runs(error, runs, &MetricsRow::test_error, &MetricsRow::train_error);
  Chart loss{.title = "Loss", .y_label = "cross-entropy (nats)", .from_zero = true};
  add_runs(loss, runs, &MetricsRow::test_loss, &MetricsRow::train_loss);
  Chart lr = single("Learning rate", "learning rate", runs, &MetricsRow::lr);
  lr.log_y = true;
  Chart speed = single("Speed of training", "pictures per second", runs, &MetricsRow::images_per_second);
  speed.from_zero = true;
  return {{"error", error}, {"loss", loss}, {"learning-rate", lr}, {"speed", speed}};
}

}  // namespace resnet
