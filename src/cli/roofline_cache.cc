#include "cli/roofline_cache.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cli/text.h"
#include "core/cpu.h"
#include "core/parallel.h"

namespace resnet::cli {

namespace {

namespace fs = std::filesystem;

constexpr int kMeasurement = 2;  // raised when what is measured changes

/// Empty where there is no home to put it in.
fs::path cache_file() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return fs::path(value == nullptr ? "" : value);
  };
  if (const fs::path cache = variable("XDG_CACHE_HOME"); cache.is_absolute()) return cache / "resnet/roofline.json";
  if (const fs::path home = variable("HOME"); home.is_absolute()) return home / ".cache/resnet/roofline.json";
  return {};
}

std::string key_of(DType dtype) {
  return fmt::format("{} | {} | {} threads | {} | {}", cpu_model(), name_of(isa()), threads(), name_of(dtype),
                     kMeasurement);
}

Json read(const fs::path& path) {
  std::ifstream file(path);
  const Json entries = Json::parse(file, nullptr, /*allow_exceptions=*/false);
  return entries.is_object() ? entries : Json::object();
}

Roofline from_json(const Json& entry, DType dtype) {
  Roofline roof{.dtype = dtype,
                .threads = threads(),
                .flops_per_second = 1e9 * entry.at("gflop_per_second").get<double>(),
                .bandwidths = {}};
  for (const Json& b : entry.at("bandwidths"))
    roof.bandwidths.push_back({b.at("bytes").get<int64_t>(), 1e9 * b.at("gb_per_second").get<double>(),
                               1e9 * b.at("read_gb_per_second").get<double>()});
  return roof;
}

bool sensible(const Roofline& roof) {
  bool good = roof.flops_per_second > 0 && !roof.bandwidths.empty();
  for (const Bandwidth& b : roof.bandwidths) good = good && b.bytes > 0 && b.bytes_per_second > 0;
  return good;
}

void write(const fs::path& path, const Json& entries) {
  std::error_code ignored;  // a cache is a convenience
  fs::create_directories(path.parent_path(), ignored);
  fs::path fresh = path;
  fresh += fmt::format(".{}", ::getpid());
  const bool written = static_cast<bool>(std::ofstream(fresh) << entries.dump(1) << '\n');
  if (written) fs::rename(fresh, path, ignored);
  if (!written || ignored) fs::remove(fresh, ignored);
}

}  // namespace

Json to_json(const Roofline& roof) {
  Json bandwidths = Json::array();
  for (const Bandwidth& b : roof.bandwidths)
    bandwidths.push_back({{"bytes", b.bytes},
                          {"gb_per_second", b.bytes_per_second / 1e9},
                          {"read_gb_per_second", b.read_per_second / 1e9}});
  return {{"gflop_per_second", roof.flops_per_second / 1e9}, {"bandwidths", bandwidths}};
}

std::string describe(const Roofline& roof) {
  const Bandwidth &small = roof.bandwidths.front(), &large = roof.bandwidths.back();
  return fmt::format(
      "{:.0f} GFLOP/s in {}; memory {:.0f} GB/s read, {:.0f} GB/s read and written, {:.0f} GB/s in caches",
      roof.flops_per_second / 1e9, name_of(roof.dtype), large.read_per_second / 1e9, large.bytes_per_second / 1e9,
      small.bytes_per_second / 1e9);
}

Roofline roofline(DType dtype, bool use_cache, const Output& out) {
  const fs::path path = use_cache ? cache_file() : fs::path();
  Json entries = path.empty() ? Json::object() : read(path);
  const std::string key = key_of(dtype);
  try {
    if (entries.contains(key))
      if (const Roofline roof = from_json(entries[key], dtype); sensible(roof)) return roof;
  } catch (const Json::exception&) {  // written by somebody else: measured again
  }
  out.log("measuring this machine's roofline…\n");
  const Roofline roof = measure_roofline(dtype);
  entries[key] = to_json(roof);
  if (!path.empty()) write(path, entries);
  return roof;
}

}  // namespace resnet::cli
