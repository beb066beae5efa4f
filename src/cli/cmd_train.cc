// resnet train: a recipe, changed by flags, becomes a trained network in a run's folder.
#include <algorithm>
#include <ctime>
#include <filesystem>
#include <optional>

#include "cli/assets.h"
#include "cli/command.h"
#include "cli/common.h"
#include "cli/text.h"
#include "cli/train_output.h"
#include "cli/train_start.h"
#include "core/check.h"
#include "resnet/train.h"
#include "train/run_log.h"

namespace resnet::cli {

namespace {

namespace fs = std::filesystem;

constexpr int64_t kDefaultEpochs = 10;  // where neither a recipe nor a flag says how long

struct TrainArgs {
  std::string recipe, output_dir, pretrained;
  std::string bad_images;  // empty: as the recipe says
  std::optional<std::string> model, data, dtype, conv, freeze, class_weights;
  std::optional<int64_t> epochs, steps, batch, patience;
  std::optional<float> lr, weight_decay, momentum, ema;
  std::optional<int> workers;
  std::optional<uint64_t> seed;
  std::vector<std::string> set;
  bool resume = false, no_tune = false;
};

// "runs/resnet20-20260131-235959"
std::string new_run_folder(const TrainArgs& args, const TrainConfig& config) {
  const std::string stem = args.recipe.empty() ? config.model : fs::path(args.recipe).stem().string();
  const std::time_t now = std::time(nullptr);
  char stamp[32];
  std::strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", std::localtime(&now));
  const std::string base = "runs/" + stem + "-" + stamp;
  std::string folder = base;
  for (int i = 2; fs::exists(folder); ++i) folder = base + "-" + std::to_string(i);
  return folder;
}

bool is_plain_finetuning(const TrainArgs& args) {
  return args.recipe.empty() && !args.resume && !args.pretrained.empty();
}

// What a run starts from: the recipe, or on --resume the settings of the run itself, or the defaults.
TrainConfig base_config(const TrainArgs& args) {
  if (!args.recipe.empty()) return load_recipe(find_recipe(args.recipe));
  const std::string saved = args.output_dir + "/config.toml";
  if (args.resume && fs::exists(saved)) return load_recipe(saved);
  if (is_plain_finetuning(args)) return finetune_config(args.pretrained, args.model.value_or(""));
  TrainConfig config;
  config.epochs = kDefaultEpochs;
  return config;
}

template <class From, class To> void put(const std::optional<From>& from, To& to) {
  if (from) to = static_cast<To>(*from);
}

void apply_flags(const TrainArgs& args, TrainConfig& config) {
  put(args.model, config.model);
  put(args.data, config.data);
  if (!args.bad_images.empty()) config.bad_images = args.bad_images;
  put(args.dtype, config.dtype);
  put(args.conv, config.conv);
  put(args.batch, config.batch);
  put(args.lr, config.lr);
  put(args.weight_decay, config.weight_decay);
  put(args.momentum, config.momentum);
  put(args.workers, config.workers);
  put(args.seed, config.seed);
  put(args.freeze, config.freeze);
  put(args.ema, config.ema);
  put(args.patience, config.early_stop);
  put(args.class_weights, config.class_weights);
  if (!args.resume) config.tune = !args.no_tune;
  if (args.epochs || args.steps) {  // one replaces the other
    config.epochs = args.epochs.value_or(0);
    config.steps = args.steps.value_or(0);
  }
  for (const std::string& item : args.set) set_from(config, item);
  config.pretrained = args.pretrained;
  config.resume = args.resume;
  config.output_dir = args.output_dir;
}

void check_resumable(const TrainArgs& args) {
  CHECK(!args.resume || fs::exists(args.output_dir + "/last.safetensors"), "--resume: ", args.output_dir,
        " has no last.safetensors, so there is nothing to go on from; empty it and start anew without --resume");
}

void check_new_folder(const std::string& folder) {
  if (!fs::exists(folder)) return;
  CHECK(fs::is_directory(folder), "--output-dir ", folder, " is a file");
  const bool resumable = fs::exists(folder + "/last.safetensors");
  CHECK(resumable || RunLog::may_begin_in(folder), folder,
        " holds files already and no run that could be resumed; empty it, or give another --output-dir");
  CHECK(!resumable, folder, " holds a run already; give --resume to go on with it, or another --output-dir");
}

int run(const TrainArgs& args, const Output& out) {
  check_resumable(args);
  TrainConfig config = base_config(args);
  apply_flags(args, config);
  CHECK(!is_plain_finetuning(args) || config.data != TrainConfig().data, "--pretrained ", args.pretrained,
        ": there is nothing to fine-tune on; give a folder of pictures with --data");
  if (!args.resume && !args.output_dir.empty()) check_new_folder(args.output_dir);
  if (config.output_dir.empty()) config.output_dir = new_run_folder(args, config);
  validate(config);
  const int64_t pictures = check_names(config);  // before the long list of settings is printed
  // Fine-tuning by no recipe takes batches that the pictures fill.
  if (is_plain_finetuning(args) && !args.batch) config.batch = std::clamp<int64_t>(pictures, 1, config.batch);
  log_settings(config, out);
  catch_signals(out.quiet);
  TrainLog log(config, out);
  const TrainResult result = train(config, [&](const Progress& p) { log.update(p); });
  log.finish(result);
  return result.interrupted && caught_signal() != 0 ? 128 + caught_signal() : 0;
}

void add_flags(CLI::App& app, TrainArgs& args) {
  app.add_option("RECIPE", args.recipe, "A recipe (TOML): a file, or the short name of one that comes with the program")
      ->type_name("");
  app.add_option("--model", args.model, "Network: cifar-resnet20, resnet50, …")->type_name("NAME");
  app.add_option("--data", args.data, "A folder of data, or synthetic:")->type_name("DATA");
  add_bad_images_flag(app, args.bad_images);
  CLI::Option* epochs = app.add_option("--epochs", args.epochs, "Length in passes over the data");
  epochs->check(whole_number(1))->type_name("N");
  app.add_option("--steps", args.steps, "Length in steps (batches)")
      ->check(whole_number(1))
      ->type_name("N")
      ->excludes(epochs);
  app.add_option("-b,--batch-size,--batch", args.batch, "Pictures a step")
      ->check(whole_number(1, 1 << 20))
      ->type_name("N");
  app.add_option("--lr", args.lr, "Learning rate")->check(number_from(0))->type_name("X");
  app.add_option("--wd,--weight-decay", args.weight_decay, "Weight decay")->check(number_from(0))->type_name("X");
  app.add_option("--momentum", args.momentum, "Momentum")->check(number_from(0, 0.9999))->type_name("X");
  choose_from(
      app.add_option("--dtype", args.dtype, "Of activations; auto is bf16 where the processor has it, else f32"),
      {"f32", "bf16", "auto"});
  choose_from(app.add_option("--conv", args.conv, "direct: convolutions without Winograd's algorithms"),
              {"auto", "direct"});
  app.add_option("-j,--workers", args.workers,
                 "Threads that prepare pictures (default: 1 or 2 on idle processors; 0: those that compute)")
      ->check(whole_number(0, 1024))
      ->type_name("N");
  app.add_option("--seed", args.seed, "Of initial weights, order and augmentation")
      ->check(whole_number(0))
      ->type_name("N");
  app.add_option("--pretrained", args.pretrained,
                 "Start from these weights; without a recipe, the other settings are those of fine-tuning")
      ->type_name("FILE");
  app.add_option("--freeze", args.freeze, "Stages up to this one keep their weights: stem, layer1, … layer4")
      ->type_name("STAGE");
  app.add_option("--ema", args.ema, "Evaluate and keep a moving average of the weights with this decay: 0.999")
      ->check(number_from(0, 0.999999))
      ->type_name("DECAY");
  app.add_option("--patience", args.patience, "Stop after so many evaluations without a higher accuracy")
      ->check(whole_number(1))
      ->type_name("N");
  app.add_option("--class-weights", args.class_weights, "balanced, or a number a class: 1,2.5")->type_name("LIST");
  CLI::Option* folder =
      app.add_option("--output-dir", args.output_dir, "The run's folder (default: a new one in runs/)");
  folder->type_name("DIR");
  app.add_flag("--no-tune", args.no_tune, kNoTuneHelp);
  app.add_flag("--resume", args.resume, "Go on with the run in --output-dir, exactly where it stopped")->needs(folder);
  add_set_flag(app, args.set);
}

const RegisterCommand registered{{
    .name = "train",
    .order = 10,
    .summary = "Train a network, by a recipe or by flags",
    .example = "  resnet train --model cifar-resnet20 --data synthetic: --epochs 2\n"
               "  resnet train cifar10/resnet20 --data cifar-10-batches-bin --output-dir runs/mine\n"
               "  resnet train --model resnet18 --pretrained resnet18-f37072fd.pth --data photographs --freeze layer2\n"
               "  resnet train --resume --output-dir runs/mine\n",
    .setup = [](CLI::App& app, const Output& out) -> std::function<int()> {
      auto args = std::make_shared<TrainArgs>();
      add_flags(app, *args);
      add_device_flag(app);
      add_threads_flag(app);
      return [args, &out] { return run(*args, out); };
    },
}};

}  // namespace

}  // namespace resnet::cli
