#include "cli/assets.h"

#include <cstdlib>
#include <filesystem>
#include <vector>

#include "core/check.h"
#include "core/nearest.h"

namespace resnet::cli {

namespace fs = std::filesystem;

namespace {

// The better ones first; not every build comes with all.
constexpr const char* kDefaultWeights[] = {"cifar-resnet56.safetensors", "cifar-resnet20.safetensors"};

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
  const bool given = folder != nullptr && *folder != '\0';
  for (const char* name : kDefaultWeights) {
    const fs::path path = given ? fs::path(folder) / name : fs::path(find_asset(std::string("weights/") + name));
    if (is_file(path)) return path.string();
  }
  CHECK(!given, "RESNET_WEIGHTS_DIR=", folder, " has no ", kDefaultWeights[1],
        "; correct or unset it, or give --weights FILE");
  throw Error(join("the default weights (", kDefaultWeights[1],
                   ") are neither installed nor in the source tree; give --weights FILE, or set RESNET_WEIGHTS_DIR to "
                   "their folder"));
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
