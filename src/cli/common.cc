#include "cli/common.h"

#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/check.h"
#include "core/cpu.h"
#include "core/nearest.h"
#include "core/parallel.h"
#include "io/atomic_file.h"

namespace resnet::cli {

namespace {

template <class T> bool parses(const std::string& text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

// "must be 1 or more, not 'ten'"
std::string complaint(const std::string& text, const std::string& kind, const std::string& low, const std::string& high,
                      bool bounded) {
  const std::string range = bounded ? join(kind, " from ", low, " to ", high) : join(kind, ", ", low, " or more");
  return join("must be ", range, ", not '", text, "'");
}

}  // namespace

CLI::Validator whole_number(int64_t low, int64_t high) {
  const auto check = [=](const std::string& text) -> std::string {
    int64_t value = 0;
    if (parses(text, value) && value >= low && value <= high) return "";
    return complaint(text, "a whole number", std::to_string(low), std::to_string(high), high < (int64_t{1} << 40));
  };
  return CLI::Validator(check, "");
}

CLI::Validator number_from(double low, double high) {
  const auto check = [=](const std::string& text) -> std::string {
    double value = 0;
    if (parses(text, value) && value >= low && value <= high) return "";
    return complaint(text, "a number", join(low), join(high), high < 1e30);
  };
  return CLI::Validator(check, "");
}

CLI::Option* choose_from(CLI::Option* option, const std::vector<std::string>& words) {
  std::string shown;
  for (const std::string& word : words) shown += (shown.empty() ? "" : "|") + word;
  const auto check = [words](const std::string& text) -> std::string {
    if (std::find(words.begin(), words.end(), text) != words.end()) return "";
    return join("'", text, "' is unknown; did you mean '", nearest(text, words), "'?");
  };
  return option->check(CLI::Validator(check, ""))->type_name(shown);
}

void add_threads_flag(CLI::App& app) {
  app.add_option_function<int>(
         "--threads", [](const int& n) { set_threads(n); }, "Threads that compute (default: one a physical core)")
      ->check(whole_number(1, 1024))
      ->type_name("N");
}

void add_no_tune_flag(CLI::App& app, bool& tune) {
  tune = true;
  app.add_flag_callback(
      "--no-tune", [&tune] { tune = false; }, kNoTuneHelp);
}

void add_dtype_flag(CLI::App& app, std::string& dtype, bool inference) {
  std::vector<std::string> words = {"f32", "bf16", "auto"};
  if (inference) words.insert(words.begin() + 2, "int8");
  choose_from(app.add_option("--dtype", dtype,
                             join("Of activations; auto is ", inference ? "int8 for quantised weights, else " : "",
                                  "bf16 where the processor has it, else f32")),
              words)
      ->capture_default_str();
}

void add_model_flag(CLI::App& app, std::string& model) {
  app.add_option("--model", model, "The network, where weights of another program do not say it")->type_name("NAME");
}

void add_conv_flag(CLI::App& app, std::string& conv) {
  choose_from(app.add_option("--conv", conv, "direct: convolutions without Winograd's algorithms"), {"auto", "direct"})
      ->capture_default_str();
}

void add_memory_flags(CLI::App& app, CompileOptions& compile) {
  CLI::Option* parts = app.add_option("--checkpoint", compile.checkpoint,
                                      "Training: parts of the network that are computed again in backward instead of "
                                      "being kept (1: everything is kept)");
  parts->check(whole_number(1, 1 << 20))->type_name("N");
  const auto limit = [&compile](const double& gib) {
    compile.checkpoint = 0;
    compile.memory_limit = static_cast<int64_t>(gib * (1 << 30));
  };
  app.add_option_function<double>("--memory-limit", limit,
                                  "Training: as few such parts as fit into so many GiB, weights and momentum included")
      ->check(number_from(1e-3, 1e6))
      ->type_name("GIB")
      ->excludes(parts);
}

CLI::Option* add_batch_flag(CLI::App& app, int64_t& batch, const std::string& help) {
  return app.add_option("-b,--batch-size,--batch", batch, help)->check(whole_number(1, 1 << 20))->type_name("N");
}

void add_bad_images_flag(CLI::App& app, std::string& bad_images) {
  choose_from(app.add_option("--bad-images", bad_images,
                             "Pictures that cannot be read: stop with an error, or go on without them and count them"),
              {"fail", "skip"})
      ->default_str("fail");
}

void add_device_flag(CLI::App& app) {
  const auto take = [](const std::string& device) {
    CHECK(device == "cpu", "--device ", device, ": this build has no CUDA backend; use --device cpu");
  };
  choose_from(app.add_option_function<std::string>("--device", take, "Where to compute (cuda is not built in)"),
              {"cpu", "cuda"});
}

void check_folder_of(const std::string& file, const char* flag) {
  namespace fs = std::filesystem;
  if (file.empty()) return;
  CHECK(fs::is_directory(fs::absolute(file).parent_path()) && !fs::is_directory(file), flag, " ", file,
        ": not the name of a file in a folder that exists");
}

DType resolve_dtype(const std::string& text) {
  if (text == "auto") return isa() >= Isa::avx512_bf16 ? DType::bf16 : DType::f32;
  return text == "int8" ? DType::u8 : parse_dtype(text);
}

DType resolve_dtype(const std::string& text, const Checkpoint& checkpoint) {
  if (!checkpoint.int8) {
    CHECK(text != "int8", "--dtype int8: these weights are f32; make int8 ones with `resnet quantize`");
    return resolve_dtype(text.empty() ? "f32" : text);
  }
  CHECK(text.empty() || text == "auto" || text == "int8", "--dtype ", text,
        ": these weights are quantised and can only be computed in int8");
  return DType::u8;
}

std::string_view dtype_word(DType dtype) { return dtype == DType::u8 ? "int8" : name_of(dtype); }

int64_t peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<int64_t>(usage.ru_maxrss) * 1024;
}

void forget_peak_memory() {
  malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << 5;
}

void write_output(const std::string& path, const std::string& text) {
  if (!std::filesystem::exists(path) || std::filesystem::is_regular_file(path))
    return write_file_atomically(path, text);
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  CHECK(file.good(), "cannot write '", path, "': ", std::strerror(errno));
}

int64_t trainable_elements(const StateDict& weights) {
  int64_t sum = 0;
  for (const auto& [key, tensor] : weights) {
    const bool statistic = key.ends_with(".running_mean") || key.ends_with(".running_var") ||
                           key.ends_with(".num_batches_tracked") || key.ends_with("_scale");
    if (!statistic) sum += tensor.elements();
  }
  return sum;
}

double percentile(const std::vector<double>& sorted, double share) {
  CHECK(!sorted.empty(), "a percentile of no values");
  const auto rank = static_cast<int64_t>(std::ceil(share * static_cast<double>(sorted.size()))) - 1;
  return sorted[static_cast<size_t>(std::clamp<int64_t>(rank, 0, static_cast<int64_t>(sorted.size()) - 1))];
}

}  // namespace resnet::cli
