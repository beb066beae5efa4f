// resnet explain responses: the standard deviation of every 3x3 layer's response, as Figure 7 of the paper shows it.
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "cli/common.h"
#include "cli/explain.h"
#include "cli/progress.h"
#include "cli/text.h"
#include "core/check.h"
#include "report/figures.h"
#include "resnet/classifier.h"

namespace resnet::cli {

namespace {

namespace fs = std::filesystem;

struct Run {
  std::string weights, name, model;
  std::vector<LayerResponse> layers;  // in the order that is shown
};

// "runs/plain20/best.safetensors" is "plain20", "resnet56.pth" is "resnet56"; a second one of a name gets a number.
std::string run_name(const std::string& weights, const std::vector<Run>& before) {
  const fs::path path = fs::absolute(weights).lexically_normal();
  const std::string stem = path.stem().string();
  const bool of_run = (stem == "best" || stem == "last") && path.has_parent_path();
  std::string name = of_run ? path.parent_path().filename().string() : stem;
  for (char& c : name)
    if (c == ',' || c == '"' || static_cast<unsigned char>(c) < 0x20)
      c = '_';  // what would end a field of the CSV file
  const auto taken = [&](const std::string& text) {
    return std::any_of(before.begin(), before.end(), [&](const Run& r) { return r.name == text; });
  };
  std::string distinct = name;
  for (int i = 2; taken(distinct); ++i) distinct = name + "-" + std::to_string(i);
  return distinct;
}

std::string csv_of(const std::vector<Run>& runs) {
  std::string csv = "run,layer,index,std\n";
  for (const Run& run : runs)
    for (const LayerResponse& l : run.layers)
      csv += fmt::format("{},{},{},{:.9g}\n", run.name, l.layer, l.index, l.std);
  return csv;
}

// Figure 7 of the paper, in the order that is asked for.
std::string svg_of(const std::vector<Run>& runs, const std::string& order) {
  std::vector<Responses> responses;
  for (const Run& run : runs) {
    Responses r{run.name, {}};
    for (const LayerResponse& l : run.layers) r.layers.emplace_back(l.index, l.std);
    std::sort(r.layers.begin(), r.layers.end());
    responses.push_back(std::move(r));
  }
  for (const Figure& figure : paper_figures({}, responses))
    if ((figure.file == "figure7-sorted") == (order == "sorted")) return to_svg(figure.chart);
  return {};
}

double mean_std(const Run& run) {
  double sum = 0;
  for (const LayerResponse& l : run.layers) sum += l.std;
  return sum / static_cast<double>(run.layers.size());
}

void report(const Run& run, const ResponsesArgs& args, const Output& out) {
  Json layers = Json::array();
  for (const LayerResponse& l : run.layers)
    layers.push_back({{"layer", l.layer}, {"index", l.index}, {"rank", l.rank}, {"std", l.std}});
  out.record({{"weights", run.weights},
              {"run", run.name},
              {"model", run.model},
              {"data", args.data},
              {"split", args.split},
              {"order", args.order},
              {"mean_std", mean_std(run)},
              {"layers", layers}});
  Table table({{"layer", Table::Align::left}, {"index"}, {"rank"}, {"std"}});
  for (const LayerResponse& l : run.layers)
    table.row({l.layer, std::to_string(l.index), std::to_string(l.rank), fmt::format("{:.4f}", l.std)});
  out.print("{} ({}): {} layers, mean {:.4f}\n\n{}\n", run.name, run.model, run.layers.size(), mean_std(run),
            table.str());
}

Run measure(const std::string& weights, const std::string& name, const ResponsesArgs& args, const Output& out) {
  const LoadedWeights loaded = load_weights(weights, args.model);
  for (const std::string& note : loaded.notes) out.log("{}: {}\n", weights, note);
  const Checkpoint& checkpoint = loaded.checkpoint;
  DataOptions options;
  options.image_size = checkpoint.preprocessing.size;
  options.training = false;
  const DataSplits splits = open_data(args.data, options);
  for (const std::string& note : splits.notes) out.log("{}: {}\n", args.data, note);
  out.log("{} from {} on {} ({})\n", checkpoint.model, weights, splits.description, args.split);
  ProgressBar bar(out);
  Run run{weights, name, checkpoint.model, {}};
  run.layers = layer_responses(checkpoint, args.split == "train" ? splits.train : splits.val, args.options,
                               [&](const Progress& p) { bar.update(p.step, p.steps, name); });
  if (args.order == "sorted")
    std::sort(run.layers.begin(), run.layers.end(),
              [](const LayerResponse& a, const LayerResponse& b) { return a.rank < b.rank; });
  return run;
}

}  // namespace

int explain_responses(const ResponsesArgs& args, const Output& out) {
  std::vector<Run> runs;
  for (const std::string& weights : args.weights) runs.push_back(measure(weights, run_name(weights, runs), args, out));
  if (!args.csv.empty()) write_output(args.csv, csv_of(runs));
  if (!args.svg.empty()) write_output(args.svg, svg_of(runs, args.order));
  for (const Run& run : runs) report(run, args, out);
  for (const std::string& file : {args.csv, args.svg})
    if (!file.empty()) out.log("written: {}\n", file);
  return 0;
}

}  // namespace resnet::cli
