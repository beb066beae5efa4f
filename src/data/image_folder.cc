#include "data/image_folder.h"

#include <algorithm>

#include "core/check.h"

namespace resnet {

namespace {

namespace fs = std::filesystem;

constexpr int kDeepest = 32;  // folders inside a class; more is a loop of links

bool hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

struct Found {
  std::vector<std::pair<std::string, std::string>> files;  // folder and name
  int64_t others = 0;
  std::string first_other;
};

void collect(const fs::path& folder, const std::string& inside, int depth, Found& found) {
  CHECK(depth < kDeepest, folder.string(), ": more than ", kDeepest, " folders inside each other; a link leads back?");
  for (const auto& entry : fs::directory_iterator(folder)) {
    const fs::path& path = entry.path();
    if (hidden(path)) continue;
    const std::string name = path.filename().string();
    if (entry.is_directory())
      collect(path, inside + "/" + name, depth + 1, found);
    else if (is_picture_name(path))
      found.files.emplace_back(inside, name);
    else if (found.others++ == 0)
      found.first_other = path.string();
  }
}

}  // namespace

bool is_picture_name(const fs::path& path) { return !format_of_name(path.filename().string()).empty(); }

std::vector<std::string> folders_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_directory() && !hidden(entry.path())) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::shared_ptr<const Dataset> open_class_folders(const fs::path& folder, bool skip_bad,
                                                  std::vector<std::string>& notes) {
  const std::vector<std::string> classes = folders_in(folder);
  auto data = std::make_shared<PictureFiles>(folder, classes, skip_bad);
  int64_t others = 0, loose = 0;
  std::string first_other;
  for (const auto& entry : fs::directory_iterator(folder))
    loose += !hidden(entry.path()) && is_picture_name(entry.path()) && !entry.is_directory() ? 1 : 0;
  if (loose > 0 && !classes.empty())
    notes.push_back(
        join(loose, " pictures lie in ", folder.string(), " itself, in no class's folder, and are passed over"));
  for (size_t k = 0; k < classes.size(); ++k) {
    Found found;
    collect(folder / classes[k], classes[k], 0, found);
    std::sort(found.files.begin(), found.files.end());
    for (const auto& [inside, name] : found.files) data->add(inside + "/" + name, static_cast<int>(k));
    if (found.files.empty()) notes.push_back(join("the class folder ", (folder / classes[k]).string(), " is empty"));
    if (others == 0) first_other = found.first_other;
    others += found.others;
  }
  if (others > 0)
    notes.push_back(join(others, " files are passed over, their names are not those of pictures (", first_other,
                         others > 1 ? ", …)" : ")"));
  return data;
}

}  // namespace resnet
