// resnet data: looks after data sets: `check` reads every picture, `pca` measures how colours vary, `pack` makes pictures
// small once, `speed` measures reading, `synthesize` writes pictures to try things with.
#include "cli/command.h"
#include "cli/common.h"
#include "cli/data_check.h"
#include "cli/data_pack.h"
#include "cli/data_pca.h"
#include "cli/data_speed.h"
#include "cli/data_synthesize.h"

namespace resnet::cli {

namespace {

struct DataArgs {
  std::string checked, measured;
  bool strict = false;
  SynthesizeOptions synthesize;
  PackArgs pack;
  SpeedArgs speed;
  std::function<int()> run;
};

void add_check(CLI::App& app, DataArgs& args, const Output& out) {
  CLI::App* sub = app.add_subcommand(
      "check", "Read every picture and label; report counts, damaged files, duplicates and wrong names");
  sub->add_option("DATA", args.checked, "A folder of data, or synthetic:")->required()->type_name("");
  sub->add_flag("--strict", args.strict, "Exit status 1 for warnings too");
  sub->footer("Example:\n  resnet data check cifar-10-batches-bin\n");
  sub->fallthrough();
  sub->callback([&] { args.run = [&] { return check_data(args.checked, args.strict, out); }; });
}

void add_pca(CLI::App& app, DataArgs& args, const Output& out) {
  CLI::App* sub = app.add_subcommand("pca", "Measure along which axes the colours of the training pictures vary");
  sub->add_option("DATA", args.measured, "A folder of data, or synthetic:")->required()->type_name("");
  sub->footer(
      "Prints data.pca_values and data.pca_vectors for a recipe with data.color_pca.\n"
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

void add_pack(CLI::App& app, DataArgs& args, const Output& out) {
  CLI::App* sub = app.add_subcommand("pack", "Write a data set as archives of smaller pictures, which are read faster");
  PackArgs& p = args.pack;
  sub->add_option("DATA", p.data, "A folder of data, or synthetic:")->required()->type_name("");
  sub->add_option("OUT_DIR", p.folder, "A new or empty folder")->required()->type_name("");
  sub->add_option("--size", p.options.size, "Shorter sides above it are scaled to it")
      ->check(whole_number(8, 65535))
      ->type_name("N")
      ->capture_default_str();
  choose_from(sub->add_option("--format", p.format, "png keeps every pixel, jpeg is smaller and faster"),
              {"jpeg", "png"})
      ->capture_default_str();
  sub->add_option("--quality", p.options.quality, "Of JPEG files that are made anew")
      ->check(whole_number(1, 100))
      ->type_name("N")
      ->capture_default_str();
  choose_from(sub->add_option("--interpolation", p.interpolation, "Of scaling"), {"bilinear", "bicubic"})
      ->capture_default_str();
  sub->add_option("--shard", p.options.shard, "Pictures an archive")
      ->check(whole_number(1, 100000000))
      ->type_name("N")
      ->capture_default_str();
  add_bad_images_flag(*sub, p.bad_images);
  sub->footer("Example:\n  resnet data pack photographs packed --size 256\n");
  sub->fallthrough();
  sub->callback([&] { args.run = [&] { return pack_data(args.pack, out); }; });
}

void add_speed(CLI::App& app, DataArgs& args, const Output& out) {
  CLI::App* sub = app.add_subcommand("speed", "Measure how fast pictures are read and prepared, without a network");
  SpeedArgs& s = args.speed;
  sub->add_option("DATA", s.data, "A folder of data, or synthetic:")->required()->type_name("");
  choose_from(sub->add_option("--crop", s.crop,
                              "center: shorter side to 256/224 of the size, then the centre; resized: random parts, "
                              "scaled and mirrored"),
              {"center", "resized"})
      ->capture_default_str();
  sub->add_option("--size", s.size, "Side of the squares")
      ->check(whole_number(8, 4096))
      ->type_name("N")
      ->capture_default_str();
  add_batch_flag(*sub, s.batch, "Pictures a batch")->capture_default_str();
  sub->add_option("-j,--workers", s.workers, "Threads that prepare pictures; 0: all computing threads together")
      ->check(whole_number(0, 1024))
      ->type_name("N")
      ->capture_default_str();
  sub->add_option("--seconds", s.seconds, "How long, after an epoch that fills the caches")
      ->check(number_from(0))
      ->type_name("X")
      ->capture_default_str();
  sub->footer("Example:\n  resnet data speed photographs -j 2\n");
  sub->fallthrough();
  sub->callback([&] { args.run = [&] { return data_speed(args.speed, out); }; });
}

const RegisterCommand registered{{
    .name = "data",
    .order = 70,
    .summary = "Check, pack or measure a data set, or write a synthetic one",
    .example = "  resnet data check cifar-10-batches-bin\n"
               "  resnet data pack photographs packed --size 256\n"
               "  resnet data synthesize pictures --count 100\n",
    .setup = [](CLI::App& app, const Output& out) -> std::function<int()> {
      auto args = std::make_shared<DataArgs>();
      app.require_subcommand(1);
      add_check(app, *args, out);
      add_pack(app, *args, out);
      add_speed(app, *args, out);
      add_pca(app, *args, out);
      add_synthesize(app, *args, out);
      return [args] { return args->run(); };
    },
}};

}  // namespace

}  // namespace resnet::cli
