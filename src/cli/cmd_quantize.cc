// resnet quantize: int8 weights from trained ones. Ranges come from some training pictures; what it costs is measured on the
// validation pictures and printed.
#include <algorithm>
#include <filesystem>

#include "cli/assets.h"
#include "cli/command.h"
#include "cli/common.h"
#include "cli/progress.h"
#include "cli/text.h"
#include "core/check.h"
#include "eval/quantize.h"
#include "resnet/classifier.h"
#include "resnet/eval.h"

namespace resnet::cli {

namespace {

struct QuantizeArgs {
  std::string weights, model, data, output;
  QuantizeOptions options;
  bool no_eval = false;
};

struct Accuracy {
  EvalResult before, after;
  double loss() const { return before.top1 - after.top1; }  // points
};

EvalResult measure(const Checkpoint& checkpoint, const std::shared_ptr<const Dataset>& data, const Output& out) {
  ProgressBar bar(out);
  return evaluate(checkpoint, data, {}, [&](const Progress& p) {
    bar.update(p.step, p.steps, fmt::format("{} {:.0f} img/s", checkpoint.int8 ? "int8" : "f32", p.images_per_second));
  });
}

void report(const QuantizeArgs& args, const QuantizedCheckpoint& made, const Accuracy* accuracy, const Output& out) {
  Json errors = Json::object();
  for (const auto& [method, error] : made.details.errors) errors[method] = error;
  Json record = {{"weights", args.weights},
                 {"output", args.output},
                 {"model", made.checkpoint.model},
                 {"data", args.data},
                 {"calibration_pictures", made.pictures},
                 {"method", made.details.method},
                 {"logit_errors", errors},
                 {"file_bytes", std::filesystem::file_size(args.output)}};
  for (const auto& [method, error] : made.details.errors)
    out.print("{:<12} error of the logits {:.3e}{}\n", method, error, method == made.details.method ? "  (taken)" : "");
  if (accuracy != nullptr) {
    record["samples"] = accuracy->before.samples;
    record["top1_f32"] = accuracy->before.top1;
    record["top1_int8"] = accuracy->after.top1;
    record["top1_loss"] = accuracy->loss();
    out.print("top-1 on {} pictures: f32 {}, int8 {}: a loss of {:.2f} points\n", grouped(accuracy->before.samples),
              percent(accuracy->before.top1), percent(accuracy->after.top1), accuracy->loss());
  }
  out.record(record);
  out.print("{}: {}\n", args.output, human_bytes(static_cast<double>(std::filesystem::file_size(args.output))));
}

int run(QuantizeArgs& args, const Output& out) {
  CHECK(args.output.ends_with(".safetensors"), "--output ", args.output,
        ": int8 weights are written as .safetensors; `resnet convert` makes a .pth of them");
  check_folder_of(args.output, "--output");
  args.weights = weights_or_default(args.weights);
  const LoadedWeights loaded = load_weights(args.weights, args.model);
  for (const std::string& note : loaded.notes) out.log("{}: {}\n", args.weights, note);
  const Checkpoint& checkpoint = loaded.checkpoint;
  DataOptions data_options;
  data_options.image_size = checkpoint.preprocessing.size;
  data_options.training = false;
  const DataSplits splits = open_data(args.data, data_options);
  for (const std::string& note : splits.notes) out.log("{}: {}\n", args.data, note);
  const auto calibration = splits.train != nullptr && splits.train->size() > 0 ? splits.train : splits.val;
  out.log("{} from {}, calibrated on {}\n", checkpoint.model, args.weights, splits.description);
  const QuantizedCheckpoint made = quantize(checkpoint, calibration, args.options);
  save_checkpoint(args.output, made.checkpoint);
  if (args.no_eval || splits.val == nullptr || splits.val->size() == 0) {
    report(args, made, nullptr, out);
    return 0;
  }
  const Accuracy accuracy{measure(checkpoint, splits.val, out), measure(made.checkpoint, splits.val, out)};
  report(args, made, &accuracy, out);
  return 0;
}

const RegisterCommand registered{{
    .name = "quantize",
    .order = 25,
    .summary = "Make int8 weights from trained ones, and measure what that costs",
    .example =
        "  resnet quantize --weights runs/mine/best.safetensors --data cifar-10-batches-bin -o mine-int8.safetensors\n",
    .setup = [](CLI::App& app, const Output& out) -> std::function<int()> {
      auto args = std::make_shared<QuantizeArgs>();
      app.add_option("--weights", args->weights, "Trained weights (default: those that come with the program)")
          ->type_name("FILE");
      add_model_flag(app, args->model);
      app.add_option("--data", args->data, "A folder of data, or 'synthetic:'; ranges come from its training pictures")
          ->required()
          ->type_name("DATA");
      app.add_option("-o,--output", args->output, "Where to write the int8 weights")->required()->type_name("FILE");
      app.add_option("--samples", args->options.pictures, "Pictures to calibrate on")
          ->check(whole_number(1, 1 << 20))
          ->type_name("N")
          ->capture_default_str();
      choose_from(app.add_option("--method", args->options.method, "How ranges are chosen; auto: by measured error"),
                  {"auto", "max", "percentile", "mse"})
          ->capture_default_str();
      app.add_flag("--no-eval", args->no_eval, "Do not measure the accuracy before and after");
      add_threads_flag(app);
      return [args, &out] { return run(*args, out); };
    },
}};

}  // namespace

}  // namespace resnet::cli
