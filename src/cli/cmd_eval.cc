// resnet eval: how good are these weights on this data? Top-1 and top-5, the loss, every class, and what is taken for what.
#include <algorithm>
#include <chrono>

#include "cli/assets.h"
#include "cli/command.h"
#include "cli/common.h"
#include "cli/progress.h"
#include "cli/text.h"
#include "core/check.h"
#include "resnet/classifier.h"
#include "resnet/train.h"

namespace resnet::cli {

namespace {

constexpr int64_t kWholeMatrix = 20;  // classes; above this only the most frequent confusions are shown
constexpr size_t kConfusions = 10;

struct EvalArgs {
  std::string weights, model, data, split = "val", dtype = "auto", bad_images = "fail";
  EvalOptions options;
};

int64_t count(const EvalResult& r, size_t truth, size_t predicted) {
  return r.confusion[truth * r.classes.size() + predicted];
}

int64_t pictures_of(const EvalResult& r, size_t truth) {
  int64_t sum = 0;
  for (size_t p = 0; p < r.classes.size(); ++p) sum += count(r, truth, p);
  return sum;
}

double accuracy_of(const EvalResult& r, size_t truth) {
  const int64_t all = pictures_of(r, truth);
  return all == 0 ? 0 : 100.0 * static_cast<double>(count(r, truth, truth)) / static_cast<double>(all);
}

std::string per_class(const EvalResult& r) {
  Table table({{"class", Table::Align::left}, {"pictures"}, {"correct"}, {"accuracy"}});
  for (size_t k = 0; k < r.classes.size(); ++k) {
    const int64_t all = pictures_of(r, k);
    table.row({r.classes[k], grouped(all), grouped(count(r, k, k)), all == 0 ? "-" : percent(accuracy_of(r, k), 1)});
  }
  return table.str();
}

std::string whole_matrix(const EvalResult& r) {
  std::vector<Table::Column> columns = {{"true \\ predicted", Table::Align::left}};
  for (const std::string& name : r.classes) columns.push_back({shortened(name, 6)});
  Table table(columns);
  for (size_t t = 0; t < r.classes.size(); ++t) {
    std::vector<std::string> row = {r.classes[t]};
    for (size_t p = 0; p < r.classes.size(); ++p)
      row.push_back(count(r, t, p) == 0 ? "." : std::to_string(count(r, t, p)));
    table.row(row);
  }
  return table.str();
}

std::string most_confused(const EvalResult& r) {
  struct Pair {
    int64_t n;
    size_t truth, predicted;
  };
  std::vector<Pair> pairs;
  for (size_t t = 0; t < r.classes.size(); ++t)
    for (size_t p = 0; p < r.classes.size(); ++p)
      if (t != p && count(r, t, p) > 0) pairs.push_back({count(r, t, p), t, p});
  std::stable_sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.n > b.n; });
  pairs.resize(std::min(pairs.size(), kConfusions));
  Table table({{"true", Table::Align::left}, {"taken for", Table::Align::left}, {"pictures"}});
  for (const Pair& pair : pairs) table.row({r.classes[pair.truth], r.classes[pair.predicted], grouped(pair.n)});
  return table.str();
}

Json to_json(const EvalResult& r) {
  Json classes = Json::array(), matrix = Json::array();
  for (size_t t = 0; t < r.classes.size(); ++t) {
    classes.push_back({{"name", r.classes[t]}, {"samples", pictures_of(r, t)}, {"top1", accuracy_of(r, t)}});
    Json row = Json::array();
    for (size_t p = 0; p < r.classes.size(); ++p) row.push_back(count(r, t, p));
    matrix.push_back(row);
  }
  return {{"samples", r.samples}, {"left_out", r.left_out}, {"top1", r.top1},     {"top5", r.top5},
          {"loss", r.loss},       {"classes", classes},     {"confusion", matrix}};
}

void show(const EvalResult& r, const Output& out) {
  if (r.left_out > 0) out.print("{} pictures could not be read and are left out\n", grouped(r.left_out));
  out.print("{} pictures: top-1 {} (error {}), top-5 {}, loss {:.4f}\n\n", grouped(r.samples), percent(r.top1),
            percent(100 - r.top1), percent(r.top5), r.loss);
  out.print("{}\n", per_class(r));
  const bool whole = static_cast<int64_t>(r.classes.size()) <= kWholeMatrix;
  out.print("{}{}", whole ? "" : "most frequent confusions\n", whole ? whole_matrix(r) : most_confused(r));
}

// The seed of the run that made the weights: synthetic pictures are then those of that run.
DataOptions data_options(const Checkpoint& checkpoint, const EvalArgs& args) {
  DataOptions options;
  options.image_size = checkpoint.preprocessing.size;
  options.skip_bad_images = args.bad_images == "skip";
  options.training = false;
  return options;
}

int run(const EvalArgs& args, const Output& out) {
  const std::string weights = weights_or_default(args.weights);
  const LoadedWeights loaded = load_weights(weights, args.model);
  for (const std::string& note : loaded.notes) out.log("{}: {}\n", weights, note);
  const Checkpoint& checkpoint = loaded.checkpoint;
  const DataSplits splits = open_data(args.data, data_options(checkpoint, args));
  for (const std::string& note : splits.notes) out.log("{}: {}\n", args.data, note);
  const auto data = args.split == "train" ? splits.train : splits.val;
  EvalOptions options = args.options;
  options.dtype = resolve_dtype(args.dtype, checkpoint);
  out.log("{} from {} on {} ({}), {}\n", checkpoint.model, weights, splits.description, args.split,
          dtype_word(options.dtype));

  ProgressBar bar(out);
  const auto start = std::chrono::steady_clock::now();
  const EvalResult result = evaluate(checkpoint, data, options, [&](const Progress& p) {
    bar.update(p.step, p.steps, fmt::format("{:.0f} img/s", p.images_per_second));
  });
  bar.clear();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  Json record = {{"weights", weights},
                 {"model", checkpoint.model},
                 {"data", args.data},
                 {"split", args.split},
                 {"dtype", dtype_word(options.dtype)}};
  record["unreadable"] = data->unreadable_pictures();
  for (const std::string& message : data->unreadable_pictures()) out.log("left out: {}\n", message);
  record.update(to_json(result));
  record["seconds"] = seconds;
  record["images_per_second"] = static_cast<double>(result.samples) / seconds;
  record["peak_memory_bytes"] = peak_memory_bytes();
  out.record(record);
  show(result, out);
  return 0;
}

const RegisterCommand registered{{
    .name = "eval",
    .order = 20,
    .summary = "Measure the accuracy of trained weights on a data set",
    .example = "  resnet eval --weights runs/mine/best.safetensors --data cifar-10-batches-bin\n"
               "  resnet eval --weights resnet50-0676ba61.pth --data imagenet/val\n",
    .setup = [](CLI::App& app, const Output& out) -> std::function<int()> {
      auto args = std::make_shared<EvalArgs>();
      app.add_option("--weights", args->weights, "Trained weights (default: those that come with the program)")
          ->type_name("FILE");
      add_model_flag(app, args->model);
      app.add_option("--data", args->data, "A folder of data, or synthetic:")->required()->type_name("DATA");
      choose_from(app.add_option("--split", args->split, "Which pictures: val or train"), {"val", "train"})
          ->capture_default_str();
      add_bad_images_flag(app, args->bad_images);
      add_batch_flag(app, args->options.batch, "Pictures at a time")->capture_default_str();
      app.add_option("-j,--workers", args->options.workers, "Threads that prepare pictures")
          ->check(whole_number(0, 1024))
          ->type_name("N")
          ->capture_default_str();
      add_dtype_flag(app, args->dtype, /*inference=*/true);
      add_conv_flag(app, args->options.conv);
      add_device_flag(app);
      add_threads_flag(app);
      return [args, &out] { return run(*args, out); };
    },
}};

}  // namespace

}  // namespace resnet::cli
