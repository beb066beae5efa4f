// Which folders of pictures are the training and which the validation pictures.
#include <algorithm>
#include <map>

#include "core/check.h"
#include "data/hold_out.h"
#include "data/image_folder.h"
#include "data/subset.h"

namespace resnet {

namespace {

namespace fs = std::filesystem;

using Part = std::shared_ptr<const Dataset>;

std::optional<fs::path> first_folder(const fs::path& folder, const std::vector<std::string>& names) {
  for (const std::string& name : names)
    if (fs::is_directory(folder / name)) return folder / name;
  return std::nullopt;
}

// What one folder holds, in whatever layout; null where that is no pictures.
Part open_part(const fs::path& folder, const DataOptions& options, std::vector<std::string>& notes) {
  Part part = open_class_folders(folder, options.skip_bad_images, notes);
  return part->size() > 0 ? part : nullptr;
}

Part open_named(const fs::path& folder, const DataOptions& options, std::vector<std::string>& notes) {
  Part part = open_part(folder, options, notes);
  const bool loose = part == nullptr && std::any_of(fs::directory_iterator(folder), fs::directory_iterator(),
                                                    [](const auto& entry) { return is_picture_name(entry.path()); });
  CHECK(!loose, folder.string(), ": pictures lie directly in it; they belong in one folder a class, as in ",
        (folder / "cats" / "1.jpg").string());
  CHECK(part != nullptr, folder.string(), ": no pictures in it; looked for CLASS/*.jpg, .jpeg and .png");
  return part;
}

// "a, b, c and 12 more": the names of `left` that are not in `right`.
std::string only_in(const std::vector<std::string>& left, const std::vector<std::string>& right) {
  std::vector<std::string> names;
  std::set_difference(left.begin(), left.end(), right.begin(), right.end(), std::back_inserter(names));
  std::string text;
  for (size_t i = 0; i < names.size() && i < 4; ++i) text += (i > 0 ? ", " : "") + names[i];
  if (names.size() > 4) text += join(" and ", names.size() - 4, " more");
  return text;
}

void check_classes(const fs::path& train, const Part& t, const fs::path& val, const Part& v) {
  if (t->classes() == v->classes()) return;
  const std::string missing = only_in(t->classes(), v->classes()), extra = only_in(v->classes(), t->classes());
  throw Error(join(train.string(), " and ", val.string(), " have different classes",
                   missing.empty() ? "" : "; only in ",
                   missing.empty() ? "" : train.filename().string() + ": " + missing, extra.empty() ? "" : "; only in ",
                   extra.empty() ? "" : val.filename().string() + ": " + extra,
                   ": give both the same folders (an empty one will do)"));
}

// Pictures that are squares of the network's input already, as the first one is, are taken as they are.
bool need_resizing(const Dataset& data, int64_t size) {
  try {
    return !(data.image(0).shape() == Shape({size, size, 3}));
  } catch (const Error&) {
    return true;  // said when the picture is needed
  }
}

void without_validation(DataSplits& splits, const Part& all, const DataOptions& options) {
  splits.train = all;
  if (options.training) {
    splits.notes.push_back("there is no val/: every tenth picture of each class is held out for validation");
    hold_out_of_each_class(splits);
  } else {
    splits.notes.push_back("there is no val/: all pictures count");
    splits.val = all;
  }
}

}  // namespace

std::optional<DataSplits> open_picture_folders(const std::string& folder, const DataOptions& options) {
  const fs::path root(folder);
  const auto train = first_folder(root, {"train"}), val = first_folder(root, {"val", "valid", "validation", "test"});
  DataSplits splits;
  if (train) splits.train = open_named(*train, options, splits.notes);
  if (val) splits.val = open_named(*val, options, splits.notes);
  if (train && val && options.training) check_classes(*train, splits.train, *val, splits.val);
  if (train && val && options.train_split == "45k") hold_out_of_each_class(splits);
  if (!train && val) splits.train = std::make_shared<Subset>(splits.val, std::vector<uint32_t>());
  if (train && !val) without_validation(splits, splits.train, options);
  if (!train && !val) {
    const Part all = open_part(root, options, splits.notes);
    if (all == nullptr) return std::nullopt;
    without_validation(splits, all, options);
  }
  splits.photographs = need_resizing(splits.train->size() > 0 ? *splits.train : *splits.val, options.image_size);
  const std::string count = splits.train == splits.val ? "" : join(splits.train->size(), " + ");
  splits.description =
      join("pictures in folders, ", count, splits.val->size(), " of ", splits.val->classes().size(), " classes");
  return splits;
}

void hold_out_of_each_class(DataSplits& splits) {
  const std::shared_ptr<const Dataset> all = splits.train;
  std::vector<int64_t> left(all->classes().size(), 0), seen(left);
  for (int64_t i = 0; i < all->size(); ++i) ++left[static_cast<size_t>(all->label(i))];
  std::vector<uint32_t> train, held;
  for (int64_t i = 0; i < all->size(); ++i) {
    const auto k = static_cast<size_t>(all->label(i));
    const int64_t number = seen[k]++;
    const bool last_of_few = left[k] > 1 && left[k] < 10 && number == left[k] - 1;
    (number % 10 == 9 || last_of_few ? held : train).push_back(static_cast<uint32_t>(i));
  }
  CHECK(!held.empty(), "no class has two pictures, so none can be held out for validation");
  splits.train = std::make_shared<Subset>(all, std::move(train));
  splits.val = std::make_shared<Subset>(all, std::move(held));
}

}  // namespace resnet
