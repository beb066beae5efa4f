#include "cli/assets.h"

#include <cstdlib>
#include <filesystem>
#include <vector>

#include "core/check.h"
#include "core/nearest.h"

namespace resnet::cli {

namespace fs = std::filesystem;

namespace {

constexpr const char* kDefaultWeights = "cifar-resnet20.safetensors";

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

// Folders that may hold weights/ and recipes/.
std::vector<fs::path> asset_roots() {
  std::error_code failed;
  const fs::path program = fs::read_symlink("/proc/self/exe", failed);
  if (failed) return {};
  const fs::path bin = program.parent_path();
  return {bin / "../share/resnet", bin / "..", bin / "../.."};
}

std::vector<std::string> known_recipes() {
  std::vector<std::string> names;
  for (const fs::path& root : asset_roots()) {
    std::error_code failed;
    for (fs::recursive_directory_iterator it(root / "recipes", failed), end; !failed && it != end; it.increment(failed))
      if (it->path().extension() == ".toml")
        names.push_back(it->path().lexically_relative(root / "recipes").replace_extension().string());
    if (!names.empty()) break;
  }
  return names;
}

}  // namespace

std::string find_asset(const std::string& relative) {
  for (const fs::path& root : asset_roots())
    if (is_file(root / relative)) return (root / relative).lexically_normal().string();
  return "";
}

std::string default_weights() {
  const char* folder = std::getenv("RESNET_WEIGHTS_DIR");
  if (folder != nullptr && *folder != '\0') {
    const fs::path path = fs::path(folder) / kDefaultWeights;
    CHECK(is_file(path), "RESNET_WEIGHTS_DIR=", folder, " has no ", kDefaultWeights,
          "; correct or unset it, or give --weights FILE");
    return path.string();
  }
  const std::string found = find_asset(std::string("weights/") + kDefaultWeights);
  CHECK(
      !found.empty(), "the default weights (", kDefaultWeights,
      ") are neither installed nor in the source tree; give --weights FILE, or set RESNET_WEIGHTS_DIR to their folder");
  return found;
}

std::string weights_or_default(const std::string& weights) { return weights.empty() ? default_weights() : weights; }

std::string find_recipe(const std::string& name) {
  if (fs::exists(name)) return name;
  std::string relative = "recipes/" + name;
  if (!relative.ends_with(".toml")) relative += ".toml";
  const std::string found = find_asset(relative);
  if (!found.empty()) return found;
  const std::string match = nearest(name, known_recipes());
  throw Error(join("recipe '", name, "' is no file and no recipe that comes with the program",
                   match.empty() ? "" : " (the nearest is '" + match + "')"));
}

}  // namespace resnet::cli
