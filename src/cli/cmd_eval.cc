// resnet eval: how good are these weights on this data? Top-1 and top-5, the loss, every class, and what is taken for what.
#include <chrono>
#include <filesystem>
#include <sstream>

#include "cli/assets.h"
#include "cli/command.h"
#include "cli/common.h"
#include "cli/eval_output.h"
#include "cli/progress.h"
#include "cli/protocol_flags.h"
#include "core/check.h"
#include "eval/recognize.h"
#include "io/atomic_file.h"
#include "resnet/classifier.h"
#include "resnet/train.h"

namespace resnet::cli {

namespace {

namespace fs = std::filesystem;

struct EvalArgs {
  std::string weights, model, data, split = "val", dtype = "auto", bad_images = "fail", csv, confusion;
  bool per_class = false;
  EvalOptions options;
};

// The seed of the run that made the weights: synthetic pictures are then those of that run.
DataOptions data_options(const Checkpoint& checkpoint, const EvalArgs& args) {
  DataOptions options;
  options.image_size = checkpoint.preprocessing.size;
  options.skip_bad_images = args.bad_images == "skip";
  options.training = false;
  return options;
}

// "A,B,C", or one file whose name has commas.
std::vector<std::string> weights_files(const std::string& given) {
  const std::string text = weights_or_default(given);
  if (fs::exists(text)) return {text};
  std::vector<std::string> files;
  std::istringstream in(text + ",");
  for (std::string file; std::getline(in, file, ',');) {
    CHECK(!file.empty(), "--weights ", text, ": a name between commas is empty");
    files.push_back(file);
  }
  return files;
}

std::vector<Checkpoint> load_all(const std::vector<std::string>& files, const std::string& model, const Output& out) {
  CHECK(files.size() == 1 || model.empty(), "--model ", model,
        " says it of one network, not of an ensemble: write files that say it themselves, with `resnet convert`");
  std::vector<Checkpoint> checkpoints;
  for (const std::string& file : files) {
    LoadedWeights loaded = load_weights(file, model);
    for (const std::string& note : loaded.notes) out.log("{}: {}\n", file, note);
    checkpoints.push_back(std::move(loaded.checkpoint));
  }
  return checkpoints;
}

// Outputs without names are the classes of the data in the order of their names, as other programs number them: those of
// the training pictures, where there are any.
void name_classes(std::vector<Checkpoint>& checkpoints, const DataSplits& splits, const Dataset& data,
                  const EvalArgs& args) {
  for (Checkpoint& c : checkpoints) {
    if (!are_numbers(c.classes) || c.classes.size() != data.classes().size()) continue;
    CHECK(splits.train->size() == 0 || splits.train->classes() == splits.val->classes(),
          "the weights do not name their classes, and ", args.data,
          " has other ones for training than for validation, so it is unknown which output is which; give both the "
          "same folders "
          "(an empty one will do)");
    c.classes = data.classes();
  }
}

// One word for one network, a list for an ensemble.
template <class T, class Text> Json one_or_list(const std::vector<T>& items, const Text& text) {
  Json list = Json::array();
  for (const T& item : items) list.push_back(text(item));
  return list.size() == 1 ? list[0] : list;
}

EvalResult measure(const std::vector<Checkpoint>& checkpoints, const std::shared_ptr<const Dataset>& data,
                   const EvalArgs& args, const Output& out) {
  EvalOptions options = args.options;
  PredictionsCsv predictions(*data, checkpoints[0].classes);
  if (!args.csv.empty()) options.on_picture = [&](const PictureScore& score) { predictions.add(score); };
  ProgressBar bar(out);
  const EvalResult result = evaluate(checkpoints, data, options, [&](const Progress& p) {
    bar.update(p.step, p.steps, fmt::format("{:.0f} img/s", p.images_per_second));
  });
  bar.clear();
  if (!args.csv.empty()) write_file_atomically(args.csv, predictions.text());
  if (!args.confusion.empty()) write_file_atomically(args.confusion, confusion_csv(result));
  return result;
}

int run(EvalArgs args, const Output& out) {
  check_folder_of(args.csv, "--csv");
  check_folder_of(args.confusion, "--confusion");
  CHECK(args.csv.empty() ||
            fs::weakly_canonical(fs::absolute(args.csv)) != fs::weakly_canonical(fs::absolute(args.confusion)),
        "--csv and --confusion name the same file, ", args.csv, "; give each its own");
  const std::vector<std::string> files = weights_files(args.weights);
  std::vector<Checkpoint> checkpoints = load_all(files, args.model, out);
  const DataSplits splits = open_data(args.data, data_options(checkpoints[0], args));
  for (const std::string& note : splits.notes) out.log("{}: {}\n", args.data, note);
  const auto data = args.split == "train" ? splits.train : splits.val;
  name_classes(checkpoints, splits, *data, args);
  for (const Checkpoint& c : checkpoints)
    if (const DType dtype = resolve_dtype(args.dtype, c); !c.int8) args.options.dtype = dtype;
  for (size_t i = 0; i < files.size(); ++i) out.log("{} from {}\n", checkpoints[i].model, files[i]);
  const std::string views = protocol_words(args.options.protocol);
  const DType dtype = checkpoints[0].int8 ? DType::u8 : args.options.dtype;
  out.log("on {} ({}), {}{}{}\n", splits.description, args.split, dtype_word(dtype), views.empty() ? "" : ", ", views);

  const auto start = std::chrono::steady_clock::now();
  const EvalResult result = measure(checkpoints, data, args, out);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  Json record = {{"weights", one_or_list(files, [](const std::string& file) { return file; })},
                 {"model", one_or_list(checkpoints, [](const Checkpoint& c) { return c.model; })},
                 {"data", args.data},
                 {"split", args.split},
                 {"dtype", dtype_word(dtype)},
                 {"crops", args.options.protocol.crops},
                 {"scales", args.options.protocol.scales},
                 {"flip", args.options.protocol.flip},
                 {"shift", args.options.protocol.shift}};
  record["unreadable"] = data->unreadable_pictures();
  for (const std::string& message : data->unreadable_pictures()) out.log("left out: {}\n", message);
  record.update(to_json(result));
  record["seconds"] = seconds;
  record["images_per_second"] = static_cast<double>(result.samples) / seconds;
  record["peak_memory_bytes"] = peak_memory_bytes();
  out.record(record);
  show_result(result, args.per_class, out);
  return 0;
}

const RegisterCommand registered{{
    .name = "eval",
    .order = 20,
    .summary = "Measure the accuracy of trained weights on a data set",
    .example = "  resnet eval --weights runs/mine/best.safetensors --data cifar-10-batches-bin\n"
               "  resnet eval --weights resnet50-0676ba61.pth --data imagenet/val --crops 10 --csv predictions.csv\n"
               "  resnet eval --weights a.safetensors,b.safetensors --data cifar-10-batches-bin --flip\n",
    .setup = [](CLI::App& app, const Output& out) -> std::function<int()> {
      auto args = std::make_shared<EvalArgs>();
      app.add_option("--weights", args->weights,
                     "Trained weights (default: those that come with the program); several: an ensemble, whose softmax "
                     "outputs are averaged")
          ->type_name("FILE,FILE,...");
      add_model_flag(app, args->model);
      app.add_option("--data", args->data, "A folder of data, or synthetic:")->required()->type_name("DATA");
      choose_from(app.add_option("--split", args->split, "Which pictures: val or train"), {"val", "train"})
          ->capture_default_str();
      add_protocol_flags(app, args->options.protocol);
      app.add_flag("--per-class", args->per_class, "Accuracy by class, also where there are many");
      app.add_option("--confusion", args->confusion, "Write the confusion matrix here")->type_name("FILE.csv");
      app.add_option("--csv", args->csv, "Write every picture's label and prediction here")->type_name("FILE.csv");
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
