// resnet convert: weights from one format to another. Without --bf16 elements keep their bits and their type.

#include "cli/command.h"
#include "cli/common.h"
#include "cli/text.h"
#include "resnet/classifier.h"

namespace resnet::cli {

namespace {

struct ConvertArgs {
  std::string in, out;
  ConvertOptions options;
};

int run(const ConvertArgs& args, const Output& out) {
  const Converted done = convert_weights(args.in, args.out, args.options);
  for (const std::string& note : done.notes) out.log("{}: {}\n", args.in, note);
  out.record({{"in", args.in},
              {"out", args.out},
              {"model", done.model},
              {"tensors", done.tensors},
              {"parameters", done.parameters},
              {"notes", done.notes}});
  out.print("{}: {}, {} tensors, {} parameters\n", args.out, done.model, done.tensors, grouped(done.parameters));
  return 0;
}

const RegisterCommand registered{{
    .name = "convert",
    .order = 45,
    .summary = "Write weights in another format: .safetensors, .pth, .onnx, a folder for timm",
    .example = "  resnet convert resnet50-0676ba61.pth resnet50.safetensors\n"
               "  resnet convert runs/mine/best.safetensors mine.pth\n"
               "  resnet convert runs/mine/last.safetensors mine.safetensors --bf16\n",
    .setup = [](CLI::App& app, const Output& out) -> std::function<int()> {
      auto args = std::make_shared<ConvertArgs>();
      app.add_option("IN", args->in, "Weights: .safetensors, .pth/.pt/.th, .onnx, or a folder with config.json")
          ->required()
          ->type_name("");
      app.add_option("OUT", args->out, "The new file; the end of its name says the format, none means a folder")
          ->required()
          ->type_name("");
      app.add_option("--model", args->options.model, "The network, where the file does not say it")->type_name("NAME");
      app.add_flag("--weights-only", args->options.weights_only, "Leave the state of a training out");
      app.add_flag(
          "--bf16", args->options.bf16,
          "Half the size: weights of convolutions and linear layers rounded to bf16, the state of a training left out");
      app.add_flag("--fold", args->options.fold, "ONNX: batch norms become part of the convolutions");
      return [args, &out] { return run(*args, out); };
    },
}};

}  // namespace

}  // namespace resnet::cli
