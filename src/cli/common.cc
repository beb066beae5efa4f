#include "cli/common.h"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "core/cpu.h"
#include "core/parallel.h"

namespace resnet::cli {

void add_threads_flag(CLI::App& app) {
  app.add_option_function<int>("--threads", [](const int& n) { set_threads(n); },
                               "Threads that compute (default: one a physical core)")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
}

void add_dtype_flag(CLI::App& app, std::string& dtype) {
  app.add_option("--dtype", dtype, "Of activations: f32, bf16, or auto (bf16 where the processor has it)")
      ->check(CLI::IsMember({"f32", "bf16", "auto"}))
      ->type_name("TYPE")
      ->capture_default_str();
}

CLI::Option* add_batch_flag(CLI::App& app, int64_t& batch, const std::string& help) {
  return app.add_option("-b,--batch-size,--batch", batch, help)->check(CLI::Range(1, 1 << 20))->type_name("N");
}

void add_device_flag(CLI::App& app) {
  app.add_option_function<std::string>(
         "--device",
         [](const std::string& device) {
           CHECK(device == "cpu", "--device ", device, ": this build has no CUDA backend; use --device cpu");
         },
         "Where to compute: cpu (cuda is not built in)")
      ->check(CLI::IsMember({"cpu", "cuda"}))
      ->type_name("DEVICE");
}

DType resolve_dtype(const std::string& text) {
  if (text == "auto") return isa() >= Isa::avx512_bf16 ? DType::bf16 : DType::f32;
  return parse_dtype(text);
}

int64_t peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<int64_t>(usage.ru_maxrss) * 1024;
}

int64_t trainable_elements(const StateDict& weights) {
  int64_t sum = 0;
  for (const auto& [key, tensor] : weights) {
    const bool statistic = key.ends_with(".running_mean") || key.ends_with(".running_var") ||
                           key.ends_with(".num_batches_tracked");
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
