// Opens a data set from the text that people write: a folder, recognised by what is in it, or "synthetic:key=value,...".
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <numeric>
#include <string_view>

#include "core/check.h"
#include "core/nearest.h"
#include "data/cifar.h"
#include "data/hold_out.h"
#include "data/image_folder.h"
#include "data/shards.h"
#include "data/subset.h"
#include "data/synthetic.h"

namespace resnet {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSynthetic = "synthetic:";

int64_t parse_count(std::string_view key, std::string_view text, const std::string& spec) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  CHECK(error == std::errc() && end == text.data() + text.size() && value >= 0, "'", spec, "': ", key, " is '", text,
        "'; a whole number was expected");
  return value;
}

void set_synthetic(SyntheticOptions& options, std::string_view item, const std::string& spec) {
  const size_t equals = item.find('=');
  const std::string_view key = item.substr(0, equals);
  const std::vector<std::string> keys = {"train", "val", "classes", "size", "seed"};
  CHECK(std::find(keys.begin(), keys.end(), key) != keys.end(), "'", spec, "': unknown key '", key, "'; did you mean '",
        nearest(key, keys), "'? (train, val, classes, size, seed)");
  CHECK(equals != std::string_view::npos, "'", spec, "': ", key, " has no value; write ", key, "=NUMBER");
  const int64_t value = parse_count(key, item.substr(equals + 1), spec);
  if (key == "train") options.train = value;
  if (key == "val") options.val = value;
  if (key == "classes") options.classes = value;
  if (key == "size") options.size = value;
  if (key == "seed") options.seed = static_cast<uint64_t>(value);
}

std::vector<uint32_t> range(int64_t first, int64_t end) {
  std::vector<uint32_t> numbers(static_cast<size_t>(end - first));
  std::iota(numbers.begin(), numbers.end(), static_cast<uint32_t>(first));
  return numbers;
}

void hold_out(DataSplits& splits) {
  const int64_t all = splits.train->size(), held = all / 10;
  CHECK(held > 0, "the 45k split holds a tenth of the training pictures out, and there are only ", all);
  splits.val = std::make_shared<Subset>(splits.train, range(all - held, all));
  splits.train = std::make_shared<Subset>(splits.train, range(0, all - held));
  splits.description += join(", trained on ", all - held, " and validated on the last ", held, " training pictures");
}

DataSplits open_synthetic_spec(const std::string& spec, const DataOptions& defaults) {
  SyntheticOptions options;
  options.size = defaults.image_size;
  options.seed = defaults.seed;
  std::string_view rest = std::string_view(spec).substr(kSynthetic.size());
  while (!rest.empty()) {
    const size_t comma = std::min(rest.find(','), rest.size());
    set_synthetic(options, rest.substr(0, comma), spec);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  DataSplits splits = open_synthetic(options);
  if (defaults.train_split == "45k") hold_out(splits);
  return splits;
}

// "a, b, c and 12 more": what a folder holds, for messages.
std::string listing(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  std::string text;
  for (size_t i = 0; i < names.size() && i < 4; ++i) text += (i > 0 ? ", " : "") + names[i];
  if (names.size() > 4) text += join(" and ", names.size() - 4, " more");
  return text;
}

// How many of the layout's picture files are there.
size_t files_present(const fs::path& folder, const CifarLayout& layout) {
  std::vector<std::string> names = layout.train_files;
  names.push_back(layout.test_file);
  return static_cast<size_t>(
      std::count_if(names.begin(), names.end(), [&](const std::string& name) { return fs::exists(folder / name); }));
}

// NAME.tar.gz and the like.
bool is_packed_archive(const fs::directory_entry& entry) {
  return entry.path().stem().extension() == ".tar" || entry.path().extension() == ".tgz";
}

// What a person who named this folder probably wants, or "".
std::string hint(const std::string& folder) {
  const fs::path path(folder);
  if (std::any_of(fs::directory_iterator(path), fs::directory_iterator(),
                  [](const auto& entry) { return is_picture_name(entry.path()); }))
    return "; pictures belong in one folder a class, beside each other or in train/ and val/, or need a file with "
           "their "
           "labels (val.txt)";
  if (fs::exists(path / "data_batch_1") || fs::is_regular_file(path / "train"))
    return "; if this is the Python version of CIFAR, fetch the binary version instead (cifar-10-binary.tar.gz)";
  for (const auto& entry : fs::directory_iterator(path)) {
    if (!entry.is_directory()) continue;
    for (const CifarLayout& layout : cifar_layouts())
      if (files_present(entry.path(), layout) > 1) return join("; did you mean ", entry.path().string(), "?");
  }
  if (std::any_of(fs::directory_iterator(path), fs::directory_iterator(), is_packed_archive))
    return "; archives of pictures must not be compressed: unpack *.tar.gz to *.tar";
  return "";
}

DataSplits open_folder(const std::string& folder, const DataOptions& options) {
  // A folder with some of a set's files is taken for that set, so that the message can say which ones are missing.
  const CifarLayout* best = nullptr;
  size_t most = 0;
  for (const CifarLayout& layout : cifar_layouts())
    if (const size_t n = files_present(folder, layout); n > most) best = &layout, most = n;
  if (best != nullptr) {
    DataSplits splits = open_cifar(folder, *best);
    if (options.train_split == "45k") hold_out(splits);
    return splits;
  }
  if (auto shards = open_shards(folder, options)) return std::move(*shards);
  if (auto pictures = open_picture_folders(folder, options)) return std::move(*pictures);
  constexpr const char* kLookedFor =
      "looked for CIFAR-10 (data_batch_1.bin to data_batch_5.bin, test_batch.bin), CIFAR-100 (train.bin, test.bin), "
      "picture files in folders a class (train/CLASS/*.jpg, val/CLASS/*.jpg) or in one folder with their labels "
      "(ILSVRC2012_validation_ground_truth.txt), and archives of them (*.tar)";
  CHECK(!fs::is_empty(folder), folder, " is empty; ", kLookedFor);
  throw Error(join("no known data set in ", folder, ": ", kLookedFor, ", found ", listing(folder), hint(folder)));
}

DataSplits open_any(const std::string& spec, const DataOptions& options) {
  if (spec.starts_with(kSynthetic)) return open_synthetic_spec(spec, options);
  CHECK(!spec.empty(), "no data set named; give a folder, or synthetic: for pictures made by a procedure");
  const size_t colon = spec.find(':');
  CHECK(fs::exists(spec) || colon == std::string::npos || spec.find('/') < colon, "unknown kind of data '",
        spec.substr(0, colon + 1), "'; did you mean '", kSynthetic, "', or a folder?");
  CHECK(fs::exists(spec), "no folder ", spec,
        "; give a folder with pictures (train/CLASS/*.jpg, val/CLASS/*.jpg) or CIFAR-10 or "
        "CIFAR-100 (binary version), or ",
        kSynthetic, " for pictures made by a procedure");
  CHECK(fs::is_directory(spec), spec, " is a file; give the folder that holds the data set (unpack an archive first)");
  return open_folder(spec, options);
}

}  // namespace

DataSplits open_data(const std::string& spec, const DataOptions& options) {
  CHECK(options.train_split == "50k" || options.train_split == "45k", "unknown training split '", options.train_split,
        "': choose 50k (all training pictures) or 45k (a tenth of them held out for validation)");
  try {
    return open_any(spec, options);
  } catch (const fs::filesystem_error& error) {
    throw Error(join("cannot read ", spec, ": ", error.code().message()));
  }
}

}  // namespace resnet
