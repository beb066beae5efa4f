// resnet explain: how strongly layers respond, where a network looks, and which learning rate to take.
#include "cli/command.h"
#include "cli/common.h"
#include "cli/explain.h"
#include "cli/train_start.h"

namespace resnet::cli {

namespace {

struct ExplainArgs {
  ResponsesArgs responses;
  GradCamArgs gradcam;
  LrFindArgs lr_find;
  std::function<int()> run;
};

CLI::Option* add_workers_flag(CLI::App& app, auto& workers) {
  return app.add_option("-j,--workers", workers, "Threads that prepare pictures")
      ->check(whole_number(0, 1024))
      ->type_name("N");
}

void add_file_flags(CLI::App& app, std::string& csv, std::string& svg) {
  app.add_option("--csv", csv, "Write the numbers to this file")->type_name("FILE");
  app.add_option("--svg", svg, "Write a picture of them to this file")->type_name("FILE");
}

void add_responses(CLI::App& app, ExplainArgs& all, const Output& out) {
  CLI::App* sub =
      app.add_subcommand("responses", "Standard deviation of every 3x3 layer's response (the paper's Figure 7)");
  ResponsesArgs& args = all.responses;
  sub->add_option("--weights", args.weights, "Trained weights, one file or several")
      ->required()
      ->delimiter(',')
      ->type_name("FILE…");
  add_model_flag(*sub, args.model);
  sub->add_option("--data", args.data, "A folder of data, or synthetic:")->required()->type_name("DATA");
  choose_from(sub->add_option("--split", args.split, "Which pictures: val or train"), {"val", "train"})
      ->capture_default_str();
  sub->add_option("--pictures", args.options.pictures, "Only the first so many (default: all)")
      ->check(whole_number(1))
      ->type_name("N");
  choose_from(sub->add_option("--order", args.order, "Of table, CSV and picture: the network's, or the largest first"),
              {"original", "sorted"})
      ->capture_default_str();
  add_file_flags(*sub, args.csv, args.svg);
  add_batch_flag(*sub, args.options.batch, "Pictures at a time")->capture_default_str();
  add_workers_flag(*sub, args.options.workers)->capture_default_str();
  add_threads_flag(*sub);
  sub->footer(
      "Example:\n  resnet explain responses --weights runs/plain56/best.safetensors runs/resnet56/best.safetensors \\\n"
      "      --data cifar-10-batches-bin --csv responses.csv --svg responses.svg\n");
  sub->fallthrough();
  sub->callback([&] { all.run = [&] { return explain_responses(all.responses, out); }; });
}

void add_gradcam(CLI::App& app, ExplainArgs& all, const Output& out) {
  CLI::App* sub = app.add_subcommand("gradcam", "Where in a picture the network sees a class");
  GradCamArgs& args = all.gradcam;
  sub->add_option("IMAGE", args.image, "A PNG or JPEG file")->required()->type_name("");
  sub->add_option("--weights", args.weights, "Trained weights (default: those that come with the program)")
      ->type_name("FILE");
  add_model_flag(*sub, args.model);
  sub->add_option("--class", args.options.class_name, "The class to look for (default: the likeliest)")
      ->type_name("NAME");
  sub->add_option("--layer", args.options.layer,
                  "Whose outputs are looked at (default: the last of more than one pixel)")
      ->type_name("NAME");
  sub->add_option("-o,--output", args.output, "The picture to write")->type_name("FILE")->capture_default_str();
  add_threads_flag(*sub);
  sub->footer(
      "Example:\n  resnet explain gradcam dog.jpg --weights runs/mine/best.safetensors --class dog -o seen.png\n");
  sub->fallthrough();
  sub->callback([&] { all.run = [&] { return explain_gradcam(all.gradcam, out); }; });
}

void add_lr_find(CLI::App& app, ExplainArgs& all, const Output& out) {
  CLI::App* sub = app.add_subcommand("lr-find", "Loss over a rising learning rate, and which rate it suggests");
  LrFindArgs& args = all.lr_find;
  sub->add_option("RECIPE", args.recipe, "A recipe: a file, or the short name of one that comes with the program")
      ->type_name("");
  sub->add_option("--model", args.model, "Network: cifar-resnet20, resnet50, …")->type_name("NAME");
  sub->add_option("--data", args.data, "A folder of data, or synthetic:")->type_name("DATA");
  sub->add_option("--from", args.options.from, "The first learning rate")
      ->check(number_from(1e-12, 1e6))
      ->type_name("X")
      ->capture_default_str();
  sub->add_option("--to", args.options.to, "The last learning rate")
      ->check(number_from(1e-12, 1e6))
      ->type_name("X")
      ->capture_default_str();
  sub->add_option("--steps", args.options.steps, "From the first to the last")
      ->check(whole_number(10, 1000000))
      ->type_name("N")
      ->capture_default_str();
  add_file_flags(*sub, args.csv, args.svg);
  sub->add_option("-b,--batch-size,--batch", args.batch, "Pictures a step")
      ->check(whole_number(1, 1 << 20))
      ->type_name("N");
  choose_from(
      sub->add_option("--dtype", args.dtype, "Of activations; auto is bf16 where the processor has it, else f32"),
      {"f32", "bf16", "auto"});
  add_workers_flag(*sub, args.workers);
  sub->add_option("--seed", args.seed, "Of initial weights, order and augmentation")
      ->check(whole_number(0))
      ->type_name("N");
  sub->add_option("--pretrained", args.pretrained, "Start from these weights")->type_name("FILE");
  add_set_flag(*sub, args.set);
  add_threads_flag(*sub);
  sub->footer(
      "Example:\n  resnet explain lr-find cifar10/resnet20 --data cifar-10-batches-bin --svg rates.svg\n"
      "  resnet explain lr-find --model cifar-resnet56 --data synthetic: --from 1e-4 --to 3\n");
  sub->fallthrough();
  sub->callback([&] { all.run = [&] { return explain_lr_find(all.lr_find, out); }; });
}

const RegisterCommand registered{{
    .name = "explain",
    .order = 75,
    .summary = "Look into a network: layer responses, Grad-CAM, the learning rate",
    .example = "  resnet explain responses --weights runs/mine/best.safetensors --data cifar-10-batches-bin\n"
               "  resnet explain gradcam dog.jpg --weights runs/mine/best.safetensors -o seen.png\n"
               "  resnet explain lr-find cifar10/resnet20 --data cifar-10-batches-bin\n",
    .setup = [](CLI::App& app, const Output& out) -> std::function<int()> {
      auto args = std::make_shared<ExplainArgs>();
      app.require_subcommand(1);
      add_responses(app, *args, out);
      add_gradcam(app, *args, out);
      add_lr_find(app, *args, out);
      return [args] { return args->run(); };
    },
}};

}  // namespace

}  // namespace resnet::cli
