// Which folders of pictures are the training and which the validation pictures.
#include <algorithm>
#include <map>

#include "core/check.h"
#include "data/flat_folder.h"
#include "data/hold_out.h"
#include "data/image_folder.h"
#include "data/subset.h"

namespace resnet {

namespace {

namespace fs = std::filesystem;

using Part = std::shared_ptr<const Dataset>;
using Classes = std::vector<std::string>;

std::optional<fs::path> first_folder(const fs::path& folder, const std::vector<std::string>& names) {
  for (const std::string& name : names)
    if (fs::is_directory(folder / name)) return folder / name;
  return std::nullopt;
}

// What one folder holds, in whatever layout; null where that is no pictures. `known`: the classes of the training pictures.
Part open_part(const fs::path& folder, const DataOptions& options, const Classes& known,
               std::vector<std::string>& notes) {
  if (Part flat = open_flat_folder(folder, options.skip_bad_images, known)) return flat;
  Part part = open_class_folders(folder, options.skip_bad_images, notes);
  return part->size() > 0 ? part : nullptr;
}

Part open_named(const fs::path& folder, const DataOptions& options, const Classes& known,
                std::vector<std::string>& notes) {
  Part part = open_part(folder, options, known, notes);
  CHECK(part != nullptr || !holds_pictures(folder), folder.string(),
        ": pictures lie directly in it; they belong in one folder a class, as in ",
        (folder / "cats" / "1.jpg").string(),
        ", or need a file with their labels (ILSVRC2012_validation_ground_truth.txt, val.txt)");
  CHECK(part != nullptr, folder.string(), ": no pictures in it; looked for CLASS/*.jpg, .jpeg, .png and .webp");
  return part;
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

}  // namespace

std::string only_in(const std::vector<std::string>& left, const std::vector<std::string>& right) {
  std::vector<std::string> names;
  std::copy_if(left.begin(), left.end(), std::back_inserter(names),
               [&](const std::string& name) { return std::find(right.begin(), right.end(), name) == right.end(); });
  std::string text;
  for (size_t i = 0; i < names.size() && i < 4; ++i) text += (i > 0 ? ", " : "") + names[i];
  if (names.size() > 4) text += join(" and ", names.size() - 4, " more");
  return text;
}

std::optional<DataSplits> open_picture_folders(const std::string& folder, const DataOptions& options) {
  const fs::path root(folder);
  const auto train = first_folder(root, {"train"}), val = first_folder(root, {"val", "valid", "validation", "test"});
  DataSplits splits;
  if (train) splits.train = open_named(*train, options, {}, splits.notes);
  if (val) splits.val = open_named(*val, options, train ? splits.train->classes() : Classes(), splits.notes);
  if (train && val && options.training) check_classes(*train, splits.train, *val, splits.val);
  if (!train && !val) splits.train = open_part(root, options, {}, splits.notes);
  if (!splits.train && !splits.val) return std::nullopt;
  complete_splits(splits, options);
  splits.description = join("pictures in folders, ", splits.description);
  return splits;
}

void complete_splits(DataSplits& splits, const DataOptions& options) {
  const auto empty = [](const Part& part) { return part == nullptr || part->size() == 0; };
  if (empty(splits.train)) {
    splits.train = std::make_shared<Subset>(splits.val, std::vector<uint32_t>());
  } else if (empty(splits.val)) {
    splits.notes.push_back(options.training
                               ? "there is no val/: every tenth picture of each class is held out for validation"
                               : "there is no val/: all pictures count");
    if (options.training)
      hold_out_of_each_class(splits);
    else
      splits.val = splits.train;
  } else if (options.train_split == "45k") {
    hold_out_of_each_class(splits);
  }
  splits.photographs = need_resizing(splits.train->size() > 0 ? *splits.train : *splits.val, options.image_size);
  const std::string count = splits.train == splits.val ? "" : join(splits.train->size(), " + ");
  splits.description = join(count, splits.val->size(), " of ", splits.val->classes().size(), " classes");
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
