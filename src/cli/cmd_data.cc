// resnet data: looks after data sets: `check` reads every picture, `pca` measures how colours vary, `synthesize` writes
// pictures to try things with.
#include "cli/command.h"
#include "cli/common.h"
#include "cli/data_check.h"
#include "cli/data_pca.h"
#include "cli/data_synthesize.h"

namespace resnet::cli {

namespace {

struct DataArgs {
  std::string checked, measured;
  SynthesizeOptions synthesize;
  std::function<int()> run;
};

void add_check(CLI::App& app, DataArgs& args, const Output& out) {
  CLI::App* sub = app.add_subcommand("check", "Read every picture and label; report counts and whatever is wrong");
  sub->add_option("DATA", args.checked, "A folder of data, or synthetic:")->required()->type_name("");
  sub->footer("Example:\n  resnet data check cifar-10-batches-bin\n");
  sub->fallthrough();
  sub->callback([&] { args.run = [&] { return check_data(args.checked, out); }; });
}

void add_pca(CLI::App& app, DataArgs& args, const Output& out) {
  CLI::App* sub = app.add_subcommand("pca", "Measure along which axes the colours of the training pictures vary");
  sub->add_option("DATA", args.measured, "A folder of data, or synthetic:")->required()->type_name("");
  sub->footer("Prints data.pca_values and data.pca_vectors for a recipe with data.color_pca.\n"
              "Example:\n  resnet data pca photographs\n");
  sub->fallthrough();
  sub->callback([&] { args.run = [&] { return measure_pca(args.measured, out); }; });
}

void add_synthesize(CLI::App& app, DataArgs& args, const Output& out) {
  CLI::App* sub = app.add_subcommand("synthesize", "Write the pictures of the synthetic data set as files");
  SynthesizeOptions& o = args.synthesize;
  sub->add_option("OUT_DIR", o.folder, "A new or empty folder")->required()->type_name("");
  sub->add_option("--count", o.count, "Pictures of the training split")
      ->check(whole_number(1, 10000000))
      ->type_name("N")
      ->capture_default_str();
  sub->add_option("--val", o.val, "Pictures of the validation split (default: a fifth of --count)")
      ->check(whole_number(1, 10000000))
      ->type_name("N");
  choose_from(
      sub->add_option("--format", o.format, "png: train/CLASS/*.png and val/CLASS/*.png; cifar10: its binary files"),
      {"png", "cifar10"})
      ->capture_default_str();
  sub->add_option("--size", o.size, "Side of a picture in pixels (cifar10: always 32)")
      ->check(whole_number(8, 4096))
      ->type_name("N")
      ->capture_default_str();
  sub->add_option("--classes", o.classes, "Number of classes")
      ->check(whole_number(2, 10))
      ->type_name("N")
      ->capture_default_str();
  sub->add_option("--seed", o.seed, "Of the pictures")->check(whole_number(0))->type_name("N")->capture_default_str();
  sub->footer("Example:\n  resnet data synthesize pictures --count 100\n");
  sub->fallthrough();
  sub->callback([&] { args.run = [&] { return synthesize_data(args.synthesize, out); }; });
}

const RegisterCommand registered{{
    .name = "data",
    .order = 70,
    .summary = "Check or measure a data set, or write a synthetic one",
    .example = "  resnet data check cifar-10-batches-bin\n"
               "  resnet data synthesize pictures --count 100\n",
    .setup = [](CLI::App& app, const Output& out) -> std::function<int()> {
      auto args = std::make_shared<DataArgs>();
      app.require_subcommand(1);
      add_check(app, *args, out);
      add_pca(app, *args, out);
      add_synthesize(app, *args, out);
      return [args] { return args->run(); };
    },
}};

}  // namespace

}  // namespace resnet::cli
