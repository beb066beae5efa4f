// resnet explain responses: the standard deviation of every 3x3 layer's response, as Figure 7 of the paper shows it.
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "cli/common.h"
#include "cli/explain.h"
#include "cli/progress.h"
#include "cli/text.h"
#include "core/check.h"
#include "report/chart.h"
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
  const std::string name = of_run ? path.parent_path().filename().string() : stem;
  const auto taken = [&](const std::string& text) {
    return std::any_of(before.begin(), before.end(), [&](const Run& r) { return r.name == text; });
  };
  std::string distinct = name;
  for (int i = 2; taken(distinct); ++i) distinct = name + "-" + std::to_string(i);
  return distinct;
}

// A field of a CSV file: in quotes where it must be.
std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

std::string csv_of(const std::vector<Run>& runs) {
  std::string csv = "run,layer,index,std\n";
  for (const Run& run : runs)
    for (const LayerResponse& l : run.layers)
      csv += fmt::format("{},{},{},{:.9g}\n", csv_field(run.name), l.layer, l.index, l.std);
  return csv;
}

// Both halves of Figure 7.
std::string svg_of(const std::vector<Run>& runs) {
  Chart original{.title = "Responses of 3x3 layers, in the network's order", .x_label = "layer", .y_label = "std"};
  Chart sorted{.title = "The same, sorted", .x_label = "layer, the largest first", .y_label = "std"};
  original.from_zero = sorted.from_zero = true;
  for (size_t i = 0; i < runs.size(); ++i) {
    std::vector<LayerResponse> layers = runs[i].layers;
    const auto series = [&](auto key) {
      std::sort(layers.begin(), layers.end(),
                [&](const LayerResponse& a, const LayerResponse& b) { return a.*key < b.*key; });
      Series s{.label = runs[i].name, .colour = static_cast<int>(i)};
      for (const LayerResponse& l : layers) s.points.emplace_back(l.*key, l.std);
      return s;
    };
    original.series.push_back(series(&LayerResponse::index));
    sorted.series.push_back(series(&LayerResponse::rank));
  }
  return to_svg({original, sorted});
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
  if (!args.svg.empty()) write_output(args.svg, svg_of(runs));
  for (const Run& run : runs) report(run, args, out);
  for (const std::string& file : {args.csv, args.svg})
    if (!file.empty()) out.log("written: {}\n", file);
  return 0;
}

}  // namespace resnet::cli
