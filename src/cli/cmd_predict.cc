// resnet predict: what is on these pictures? A picture that cannot be read does not stop the others.
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "cli/assets.h"
#include "cli/command.h"
#include "cli/common.h"
#include "cli/protocol_flags.h"
#include "cli/text.h"
#include "core/check.h"
#include "data/image_folder.h"
#include "resnet/classifier.h"

namespace resnet::cli {

namespace {

namespace fs = std::filesystem;

struct PredictArgs {
  std::vector<std::string> images;
  std::string weights, model;
  std::string dtype;  // empty: f32, or int8 where the weights are quantised
  int top = 5;
  TestProtocol protocol;
};

// The pictures of a folder in order of their names, or the file itself.
std::vector<std::string> pictures_of(const std::string& path) {
  if (!fs::is_directory(path)) return {path};
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(path))
    if (is_picture_name(entry.path())) found.push_back(entry.path().string());
  CHECK(!found.empty(), path, ": the folder holds no .png, .jpg, .jpeg or .webp file");
  std::sort(found.begin(), found.end());
  return found;
}

Json to_json(const std::string& file, const std::vector<Prediction>& predictions, double milliseconds) {
  Json list = Json::array();
  for (const Prediction& p : predictions)
    list.push_back({{"class", p.name}, {"index", p.index}, {"probability", p.probability}});
  return {{"file", file}, {"predictions", list}, {"latency_ms", milliseconds}};
}

void show(const Output& out, const std::string& file, const std::vector<Prediction>& predictions) {
  out.print("{}\n", file);
  for (const Prediction& p : predictions) out.print("  {:6.2f} %  {}\n", p.probability * 100, p.name);
}

// Whether the picture could be classified.
bool predict_file(const std::string& file, const PredictArgs& args, Classifier& classifier, const Output& out) {
  std::string of_file;  // what the reader says names the file already
  try {
    const auto start = std::chrono::steady_clock::now();
    const Tensor picture = read_image(file);
    of_file = file + ": ";
    const std::vector<Prediction> predictions = classifier.classify(picture, args.top);
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
    out.record(to_json(file, predictions, time.count()));
    show(out, file, predictions);
    return true;
  } catch (const Error& error) {
    out.record({{"file", file}, {"error", error.what()}});
    out.error(of_file + error.what());
    return false;
  }
}

void tell_default(const std::vector<std::string>& classes, const Output& out) {
  out.log(
      "These weights come with the program and know {} classes, of which every picture gets one: {}.\n"
      "Others are taken with --weights FILE.\n",
      classes.size(), fmt::join(classes, ", "));
}

int run(const PredictArgs& args, const Output& out) {
  const std::string weights = weights_or_default(args.weights);
  LoadedWeights loaded = load_weights(weights, args.model);
  for (const std::string& note : loaded.notes) out.log("{}: {}\n", weights, note);
  const DType dtype = resolve_dtype(args.dtype, loaded.checkpoint);
  Classifier classifier(std::move(loaded.checkpoint), dtype, args.protocol);
  out.log("{} from {}\n", classifier.checkpoint().model, weights);
  if (args.weights.empty()) tell_default(classifier.checkpoint().classes, out);
  bool all_good = true;
  for (const std::string& path : args.images) {
    try {
      for (const std::string& file : pictures_of(path)) all_good &= predict_file(file, args, classifier, out);
    } catch (const std::exception& error) {  // a folder that cannot be listed
      out.error(error.what());
      all_good = false;
    }
  }
  return all_good ? 0 : 1;
}

const RegisterCommand registered{{
    .name = "predict",
    .order = 30,
    .summary = "Classify pictures (PNG, JPEG or WebP files)",
    .example = "  resnet predict photo.jpg\n"
               "  resnet predict --weights runs/mine/best.safetensors --top 3 pictures/*.png\n",
    .setup = [](CLI::App& app, const Output& out) -> std::function<int()> {
      auto args = std::make_shared<PredictArgs>();
      app.add_option("IMAGE", args->images, "Picture files, or folders of them")->required()->type_name("");
      app.add_option("--weights", args->weights, "Trained weights (default: those that come with the program)")
          ->type_name("FILE");
      add_model_flag(app, args->model);
      app.add_option("--top", args->top, "How many classes to show, the likeliest first")
          ->check(whole_number(1, 1 << 20))
          ->type_name("N")
          ->capture_default_str();
      add_protocol_flags(app, args->protocol);
      add_dtype_flag(app, args->dtype, /*inference=*/true);
      add_device_flag(app);
      add_threads_flag(app);
      return [args, &out] { return run(*args, out); };
    },
}};

}  // namespace

}  // namespace resnet::cli
