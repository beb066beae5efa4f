#include "data/flat_folder.h"

#include <algorithm>

#include "core/check.h"
#include "data/ground_truth.h"
#include "data/image_folder.h"

namespace resnet {

namespace {

namespace fs = std::filesystem;

// In the order in which they are preferred.
constexpr const char* kTruths[] = {"ground_truth.txt", "val.txt", "LOC_val_solution.csv",
                                   "imagenet_2012_validation_synset_labels.txt",
                                   "ILSVRC2012_validation_ground_truth.txt"};
constexpr const char* kLists[] = {"classes.txt",      "map_clsloc.txt",         "synsets.txt",
                                  "synset_words.txt", "LOC_synset_mapping.txt", "imagenet_lsvrc_2015_synsets.txt"};
constexpr const char* kKits[] = {"", "devkit/data", "ILSVRC2012_devkit_t12/data"};

// The first of `names` in or beside the folder; path "" where there is none.
template <size_t n> TextFile find_text(const fs::path& folder, const char* const (&names)[n]) {
  for (const char* name : names)
    for (const fs::path& place : {folder, fs::absolute(folder).lexically_normal() / ".."})
      for (const char* kit : kKits) {
        const fs::path path = (place / kit / name).lexically_normal();
        if (!fs::is_regular_file(path)) continue;
        std::vector<uint8_t> buffer;
        const Bytes bytes = read_file(path.string(), buffer);
        return {path.string(), std::string(bytes.begin(), bytes.end())};
      }
  return {};
}

bool is_picture(const fs::directory_entry& entry) {
  return is_picture_name(entry.path()) && !entry.path().filename().string().starts_with('.') && !entry.is_directory();
}

}  // namespace

bool holds_pictures(const fs::path& folder) {
  return std::any_of(fs::directory_iterator(folder), fs::directory_iterator(), is_picture);
}

std::shared_ptr<const Dataset> open_flat_folder(const fs::path& folder, bool skip_bad,
                                                const std::vector<std::string>& known) {
  if (!holds_pictures(folder)) return nullptr;
  const TextFile truth = find_text(folder, kTruths);
  if (truth.path.empty()) return nullptr;
  std::vector<std::string> pictures;
  for (const auto& entry : fs::directory_iterator(folder))
    if (is_picture(entry)) pictures.push_back(entry.path().filename().string());
  std::sort(pictures.begin(), pictures.end());
  const GroundTruth labels = read_ground_truth(truth, find_text(folder, kLists), known, pictures);
  auto data = std::make_shared<PictureFiles>(folder, labels.classes, skip_bad);
  for (size_t i = 0; i < pictures.size(); ++i) data->add(pictures[i], labels.labels[i]);
  return data;
}

}  // namespace resnet
