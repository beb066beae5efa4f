#include "cli/data_synthesize.h"

#include <algorithm>
#include <filesystem>

#include "cli/progress.h"
#include "cli/text.h"
#include "core/check.h"
#include "data/cifar.h"
#include "io/atomic_file.h"
#include "resnet/data.h"

namespace resnet::cli {

namespace {

namespace fs = std::filesystem;

constexpr int64_t kCifarSide = 32;

void make_folder(const fs::path& folder) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  CHECK(!failed, "cannot make the folder ", folder.string(), ": ", failed.message());
}

// "horizontal stripes" -> "horizontal_stripes": names of folders are easier without spaces.
std::string folder_name(std::string name) {
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

void write_folders(const Dataset& data, const fs::path& folder, ProgressBar& bar) {
  for (const std::string& name : data.classes()) make_folder(folder / folder_name(name));
  for (int64_t i = 0; i < data.size(); ++i) {
    const std::string& name = data.classes()[static_cast<size_t>(data.label(i))];
    write_png((folder / folder_name(name) / fmt::format("{:06}.png", i)).string(), data.image(i));
    bar.update(i + 1, data.size(), folder.filename().string());
  }
}

// Pictures [first, first + count) as records of one label byte and the planes R, G, B.
void write_cifar_file(const Dataset& data, int64_t first, int64_t count, const fs::path& path) {
  constexpr size_t kPlane = kCifarSide * kCifarSide;
  std::string records;
  records.reserve(static_cast<size_t>(count) * (1 + 3 * kPlane));
  for (int64_t i = first; i < first + count; ++i) {
    const Tensor image = data.image(i);
    const auto pixels = image.as<uint8_t>();
    records += static_cast<char>(data.label(i));
    for (size_t p = 0; p < 3 * kPlane; ++p) records += static_cast<char>(pixels[3 * (p % kPlane) + p / kPlane]);
  }
  write_file_atomically(path.string(), records);
}

void write_cifar(const DataSplits& data, const fs::path& folder) {
  const CifarLayout& layout = cifar_layouts().front();
  const auto files = static_cast<int64_t>(layout.train_files.size());
  CHECK(data.train->size() >= files, "--count ", data.train->size(), ": CIFAR-10 spreads the training pictures over ",
        files, " files, so at least ", files, " are needed");
  CHECK(data.train->classes().size() == layout.classes.size(), "--classes ", data.train->classes().size(),
        ": CIFAR-10 has ", layout.classes.size());
  for (int64_t f = 0; f < files; ++f) {
    const int64_t first = data.train->size() * f / files, end = data.train->size() * (f + 1) / files;
    write_cifar_file(*data.train, first, end - first, folder / layout.train_files[static_cast<size_t>(f)]);
  }
  write_cifar_file(*data.val, 0, data.val->size(), folder / layout.test_file);
  std::string names;
  for (const std::string& name : data.train->classes()) names += name + "\n";
  write_file_atomically((folder / layout.class_file).string(), names);
}

}  // namespace

int synthesize_data(const SynthesizeOptions& o, const Output& out) {
  const bool cifar = o.format == "cifar10";
  CHECK(!cifar || o.size == kCifarSide, "--size ", o.size, ": CIFAR-10's pictures are ", kCifarSide, "x", kCifarSide);
  CHECK(!fs::exists(o.folder) || fs::is_directory(o.folder), o.folder, " is a file");
  CHECK(!fs::exists(o.folder) || fs::is_empty(o.folder), o.folder, " holds files already; name a new or empty folder");
  const int64_t val = o.val > 0 ? o.val : std::max<int64_t>(1, o.count / 5);
  const DataSplits data = open_data(
      join("synthetic:train=", o.count, ",val=", val, ",classes=", o.classes, ",size=", o.size, ",seed=", o.seed));
  make_folder(o.folder);
  ProgressBar bar(out);
  if (cifar) {
    write_cifar(data, o.folder);
  } else {
    write_folders(*data.train, fs::path(o.folder) / "train", bar);
    write_folders(*data.val, fs::path(o.folder) / "val", bar);
  }
  bar.clear();
  out.record({{"folder", o.folder},
              {"format", o.format},
              {"train_samples", o.count},
              {"val_samples", val},
              {"classes", data.train->classes()},
              {"image_size", o.size}});
  out.print("{}: {} + {} pictures of {} classes, {}\n", o.folder, grouped(o.count), grouped(val),
            data.train->classes().size(), cifar ? "in CIFAR-10's binary files" : "as PNG files in train/ and val/");
  return 0;
}

}  // namespace resnet::cli
