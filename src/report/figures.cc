#include "report/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "report/chart.h"

namespace resnet {

namespace {

using Column = std::optional<double> MetricsRow::*;

constexpr double kErrorMax = 20;  // percent: where the paper's figures 1 and 6 end

// The longest runs of one network: shorter ones are unfinished.
struct Network {
  std::string label;  // "ResNet-20", "plain-56"
  std::vector<const RunHistory*> runs;

  void add(const RunHistory& run) {
    const int64_t longest = runs.empty() ? 0 : runs[0]->rows.back().step, length = run.rows.back().step;
    if (length > longest) runs.clear();
    if (length >= longest) runs.push_back(&run);
  }

  std::string counted_label() const {
    return runs.size() == 1 ? label : fmt::format("{} (mean of {})", label, runs.size());
  }
};

bool is_synthetic(const RunHistory& run) { return run.setting("data.path").starts_with("synthetic:"); }

// Runs whose model is `family` and a number, by that number.
std::map<int, Network> by_depth(const std::vector<RunHistory>& runs, const std::string& family,
                                const std::string& word) {
  std::map<int, Network> networks;
  for (const RunHistory& run : runs) {
    const std::string model = run.setting("model.name");
    const std::string depth = model.starts_with(family) ? model.substr(family.size()) : "";
    const bool is_number = !depth.empty() && depth.find_first_not_of("0123456789") == std::string::npos;
    if (!is_number || depth.size() > 4 || run.rows.empty() || is_synthetic(run)) continue;
    Network& network = networks[std::stoi(depth)];
    network.label = word + depth;
    network.add(run);
  }
  return networks;
}

// The mean over the runs, at each step at which all of them have a value.
Series mean_series(const Network& network, Column column, const std::string& what) {
  std::map<int64_t, std::pair<double, size_t>> sums;
  for (const RunHistory* run : network.runs)
    for (const MetricsRow& row : run->rows)
      if ((row.*column).has_value()) {
        auto& [sum, n] = sums[row.step];
        sum += *(row.*column);
        ++n;
      }
  Series series{network.counted_label() + what, 0, 0, {}};
  for (const auto& [step, sum] : sums)
    if (sum.second == network.runs.size())
      series.points.emplace_back(static_cast<double>(step), sum.first / static_cast<double>(sum.second));
  return series;
}

// As in the paper: bold for the test, thin and dashed for training, a colour a depth.
Chart error_chart(const std::string& title, const std::vector<Network>& networks) {
  Chart chart{.title = title, .x_label = "iteration", .y_label = "error (%)", .from_zero = true};
  chart.y_max = kErrorMax;
  int colour = 0;
  for (const Network& network : networks) {
    Series test = mean_series(network, &MetricsRow::test_error, ", test");
    Series train = mean_series(network, &MetricsRow::train_error, ", training");
    test.colour = train.colour = colour;
    train.dash = 1 + colour % (kDashes - 1);
    train.thin = true;
    chart.series.push_back(std::move(test));
    chart.series.push_back(std::move(train));
    ++colour;
  }
  return chart;
}

std::vector<Network> values(const std::map<int, Network>& networks) {
  std::vector<Network> all;
  for (const auto& [depth, network] : networks) all.push_back(network);
  return all;
}

void add_depths(const std::vector<RunHistory>& runs, std::vector<Figure>& figures) {
  const auto plain = by_depth(runs, "cifar-plain", "plain-");
  const auto residual = by_depth(runs, "cifar-resnet", "ResNet-");
  if (plain.count(20) != 0 && plain.count(56) != 0)
    figures.push_back({"figure1", error_chart("Figure 1: plain networks of 20 and 56 layers on CIFAR-10",
                                              {plain.at(20), plain.at(56)})});
  if (plain.size() + residual.size() < 2) return;
  figures.push_back({"figure6-plain", error_chart("Figure 6: plain networks on CIFAR-10", values(plain))});
  figures.push_back({"figure6-residual", error_chart("Figure 6: residual networks on CIFAR-10", values(residual))});
}

std::optional<double> target_of(const std::vector<const RunHistory*>& runs) {
  for (const RunHistory* run : runs)
    if (const std::string text = run->setting("train.target_error"); !text.empty() && text != "0")
      return std::stod(text);
  return std::nullopt;
}

void add_units(const std::vector<RunHistory>& runs, std::vector<Figure>& figures) {
  Network relu{"ReLU", {}}, tanh{"tanh", {}};
  for (const RunHistory& run : runs) {
    if (is_synthetic(run) || run.rows.empty()) continue;
    if (run.setting("model.name") == "cifar-convnet") relu.add(run);
    if (run.setting("model.name") == "cifar-convnet-tanh") tanh.add(run);
  }
  if (relu.runs.empty() || tanh.runs.empty()) return;
  Chart chart{.title = "ReLU against tanh: four layers on CIFAR-10",
              .x_label = "iteration",
              .y_label = "training error (%)",
              .from_zero = true};
  for (const Network* network : {&relu, &tanh}) {
    Series series = mean_series(*network, &MetricsRow::train_error, "");
    series.colour = series.dash = network == &tanh ? 1 : 0;
    chart.series.push_back(std::move(series));
  }
  if (const std::optional<double> target = target_of(relu.runs))
    chart.level = Level{*target, fmt::format("{:.4g} %", *target)};
  figures.push_back({"relu-tanh", chart});
}

// Plain networks dashed, residual ones solid, as the paper has it.
void add_responses(const std::vector<Responses>& all, std::vector<Figure>& figures) {
  if (all.empty()) return;
  Chart original{.title = "Figure 7: responses of the 3×3 layers",
                 .x_label = "layer",
                 .y_label = "standard deviation of the response",
                 .from_zero = true};
  Chart sorted = original;
  sorted.title += ", sorted";
  sorted.x_label = "layer, sorted by standard deviation";
  int colour = 0;
  for (const Responses& r : all) {
    Series series{r.run, colour, r.run.find("plain") != std::string::npos ? 1 : 0, {}};
    ++colour;
    std::vector<double> values;
    for (const auto& [index, value] : r.layers) {
      series.points.emplace_back(static_cast<double>(index), value);
      values.push_back(value);
    }
    original.series.push_back(series);
    std::sort(values.rbegin(), values.rend());
    series.points.clear();
    for (size_t i = 0; i < values.size(); ++i) series.points.emplace_back(static_cast<double>(i + 1), values[i]);
    sorted.series.push_back(std::move(series));
  }
  figures.push_back({"figure7", original});
  figures.push_back({"figure7-sorted", sorted});
}

}  // namespace

std::vector<Figure> paper_figures(const std::vector<RunHistory>& runs, const std::vector<Responses>& responses) {
  std::vector<Figure> figures;
  add_depths(runs, figures);
  add_responses(responses, figures);
  add_units(runs, figures);
  return figures;
}

}  // namespace resnet
