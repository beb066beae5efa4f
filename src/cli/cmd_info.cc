// resnet info: about the machine and the build, about a model, or about a file of weights.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <tuple>

#include "cli/command.h"
#include "cli/common.h"
#include "cli/info.h"
#include "core/check.h"
#include "core/cpu.h"
#include "core/parallel.h"
#include "ops/cpu/onednn_version.h"
#include "resnet/models.h"

namespace resnet::cli {

namespace {

namespace fs = std::filesystem;

struct InfoArgs {
  std::string what, dtype = "auto";
  int64_t classes = 0, image_size = 0;
  CompileOptions compile{.batch = 0, .mode = Mode::train};
  bool layers = false;
};

// cifar-resnet20 before cifar-resnet110: by the text before the number, then by the number.
std::vector<std::string> sorted_models() {
  std::vector<std::string> names = model_names();
  const auto key = [](const std::string& name) {
    const size_t digits = std::min(name.find_first_of("0123456789"), name.size());
    return std::tuple(name.substr(0, digits), std::atoi(name.c_str() + digits), name);
  };
  std::sort(names.begin(), names.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  return names;
}

void machine(const Output& out) {
  const std::string dtype(name_of(resolve_dtype("auto")));
  out.record({{"version", RESNET_VERSION},
              {"processor", cpu_model()},
              {"isa_detected", name_of(detected_isa())},
              {"isa_used", name_of(isa())},
              {"threads", threads()},
              {"default_dtype", dtype},
              {"backends", {{"cpu", true}, {"ref", true}, {"cuda", false}}},
              {"onednn_version", onednn_version()},
              {"models", sorted_models()}});
  out.print("resnet            {}\n", RESNET_VERSION);
  out.print("processor         {}\n", cpu_model());
  out.print("instruction set   {} found, {} used{}\n", name_of(detected_isa()), name_of(isa()),
            isa() == detected_isa() ? "" : " (held back by RESNET_ISA)");
  out.print("threads           {}\n", threads());
  out.print("default dtype     {}{}\n", dtype,
            dtype == "bf16" ? "" : " (this processor has no native bf16 arithmetic)");
  out.print("backends          cpu (oneDNN {} and own kernels), ref (plain loops, to check against); cuda: not built\n",
            onednn_version());
  constexpr size_t kWidth = 100;
  std::string line = "models           ";
  for (const std::string& name : sorted_models()) {
    if (line.size() + 1 + name.size() > kWidth) {
      out.print("{}\n", line);
      line = std::string(17, ' ');
    }
    line += " " + name;
  }
  out.print("{}\n", line);
}

bool looks_like_a_path(const std::string& text) {
  return text.find('/') != std::string::npos || text.ends_with(".safetensors") || text.ends_with(".pth");
}

int run(const InfoArgs& args, const Output& out) {
  if (args.what.empty()) {
    machine(out);
  } else if (fs::is_regular_file(args.what) || fs::exists(args.what + "/config.json")) {
    file_info(args.what, out);
  } else {
    CHECK(!fs::is_directory(args.what), args.what, " is a folder; name a file of weights (", args.what,
          "/best.safetensors) or a model");
    CHECK(!fs::exists(args.what), args.what, " is neither a regular file nor a folder with a config.json");
    CHECK(!looks_like_a_path(args.what), args.what, ": no such file");
    ModelOptions options;
    options.classes = args.classes;
    options.image_size = args.image_size;
    CompileOptions compile = args.compile;
    compile.dtype = resolve_dtype(args.dtype);
    model_info({args.what, options, compile, args.layers}, out);
  }
  return 0;
}

const RegisterCommand registered{{
    .name = "info",
    .order = 40,
    .summary = "Explain this machine, a model, or a file of weights",
    .example = "  resnet info\n"
               "  resnet info cifar-resnet20\n"
               "  resnet info runs/mine/best.safetensors\n",
    .setup = [](CLI::App& app, const Output& out) -> std::function<int()> {
      auto args = std::make_shared<InfoArgs>();
      app.add_option("WHAT", args->what, "A model's name or a file of weights (default: the machine)")->type_name("");
      app.add_option("--classes", args->classes, "Of the model (default: its own)")
          ->check(whole_number(1, 1 << 20))
          ->type_name("N");
      app.add_option("--image-size", args->image_size, "Side of the model's input in pixels (default: its own)")
          ->check(whole_number(1, 1 << 14))
          ->type_name("N");
      app.add_flag("--layers", args->layers, "List every layer, not only the stages of the paper's Table 1");
      add_batch_flag(app, args->compile.batch, "For the memory of training (default: 128 for small pictures, else 32)");
      add_memory_flags(app, args->compile);
      add_dtype_flag(app, args->dtype);
      return [args, &out] { return run(*args, out); };
    },
}};

}  // namespace

}  // namespace resnet::cli
