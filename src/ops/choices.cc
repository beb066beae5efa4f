#include "ops/choices.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/check.h"
#include "core/cpu.h"
#include "core/parallel.h"

namespace resnet {

namespace {

namespace fs = std::filesystem;

constexpr int kKernels = 4;  // raised when kernels change so much that measurements no longer hold

// The first line of a file; a file with another one is of no use here.
std::string header() { return join("resnet choices ", kKernels, "; ", cpu_model(), "; ", name_of(isa())); }

// What is the fastest depends on the number of threads; the file holds the choices for all.
std::string cached(const std::string& key) { return join(key, " threads=", threads()); }

fs::path cache_path() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache && fs::path(cache).is_absolute())
    return fs::path(cache) / "resnet/choices.txt";
  if (const char* home = std::getenv("HOME"); home && fs::path(home).is_absolute())
    return fs::path(home) / ".cache/resnet/choices.txt";
  return {};
}

std::map<std::string, std::string> read(const fs::path& path) {
  std::map<std::string, std::string> map;
  std::ifstream in(path);
  std::string line;
  if (!std::getline(in, line) || line != header()) return map;
  while (std::getline(in, line))
    if (const size_t tab = line.find('\t'); tab != std::string::npos) map[line.substr(0, tab)] = line.substr(tab + 1);
  return map;
}

// Beside its place, then renamed: readers see the old file or the new one.
void write(const fs::path& path, const std::map<std::string, std::string>& map) {
  std::error_code ignored;
  fs::create_directories(path.parent_path(), ignored);
  const fs::path part = path.string() + join(".", getpid());
  std::ofstream out(part);
  out << header() << '\n';
  for (const auto& [key, name] : map) out << key << '\t' << name << '\n';
  out.close();
  std::error_code failed;
  if (out) fs::rename(part, path, failed);
  if (!out || failed) fs::remove(part, ignored);
}

}  // namespace

Choices::Choices(Map given) : given_(std::move(given)), cache_(read(cache_path())) {}

std::string Choices::find(const std::string& key) {
  if (const auto found = given_.find(key); found != given_.end()) return used_[key] = found->second;
  if (const auto found = cache_.find(cached(key)); found != cache_.end()) return used_[key] = found->second;
  return {};
}

void Choices::add(const std::string& key, const std::string& name) {
  cache_[cached(key)] = used_[key] = name;
  changed_ = true;
}

void Choices::save() const {
  if (const fs::path cache = cache_path(); changed_ && !cache.empty()) write(cache, cache_);
}

}  // namespace resnet
