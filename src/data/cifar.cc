#include "data/cifar.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>

#include "core/check.h"
#include "data/mapped_file.h"

namespace resnet {

namespace {

constexpr int64_t kSide = 32;
constexpr int64_t kPlane = kSide * kSide;
constexpr int64_t kPixels = 3 * kPlane;

struct CifarFile {
  std::string name;  // without the folder
  MappedFile data;
  int64_t first = 0;  // index of its first picture
  int64_t count = 0;
};

// One split of a folder. The files stay mapped; nothing is copied.
class Cifar : public Dataset {
 public:
  Cifar(const std::string& folder, const std::vector<std::string>& names, const CifarLayout& layout,
        std::vector<std::string> classes)
      : classes_(std::move(classes)), label_bytes_(layout.label_bytes), record_(layout.label_bytes + kPixels) {
    for (const std::string& name : names) add_file(folder, name, layout.name);
  }

  int64_t size() const override { return size_; }
  const std::vector<std::string>& classes() const override { return classes_; }
  int label(int64_t i) const override { return record(i)[label_bytes_ - 1]; }

  Tensor image(int64_t i) const override {
    Tensor picture({kSide, kSide, 3}, DType::u8);
    interleave(record(i) + label_bytes_, picture.as<uint8_t>().data());
    return picture;
  }

  void image_into(int64_t i, const Fit& fit, uint8_t* out) const override {
    if (fit.size == kSide && fit.resize == kSide)
      interleave(record(i) + label_bytes_, out);
    else
      Dataset::image_into(i, fit, out);
  }

  std::string id(int64_t i) const override {
    const CifarFile& file = file_of(i);
    return join(file.name, ":", i - file.first);
  }

 private:
  void add_file(const std::string& folder, const std::string& name, const std::string& kind) {
    const std::string path = (std::filesystem::path(folder) / name).string();
    CifarFile file{name, MappedFile(path), size_, 0};
    const auto bytes = static_cast<int64_t>(file.data.bytes().size());
    CHECK(bytes > 0, path, " is empty; a ", kind, " file holds records of ", record_, " bytes: fetch it again");
    CHECK(bytes % record_ == 0, path, " holds ", bytes, " bytes, which is not a multiple of a ", kind, " record's ",
          record_, " (", bytes / record_, " records and ", bytes % record_,
          " bytes more): it is truncated or another kind of file");
    file.count = bytes / record_;
    const uint8_t* labels = file.data.bytes().data() + label_bytes_ - 1;
    for (int64_t r = 0; r < file.count; ++r)
      CHECK(labels[r * record_] < classes_.size(), path, ": record ", r, " has label ", int(labels[r * record_]), "; ",
            kind, " has labels 0 to ", classes_.size() - 1, ": the file is damaged or of another kind");
    size_ += file.count;
    files_.push_back(std::move(file));
  }

  const CifarFile& file_of(int64_t i) const {
    CHECK(i >= 0 && i < size_, "picture ", i, " of a data set of ", size_);
    auto after =
        std::upper_bound(files_.begin(), files_.end(), i, [](int64_t v, const CifarFile& f) { return v < f.first; });
    return *--after;
  }

  const uint8_t* record(int64_t i) const {
    const CifarFile& file = file_of(i);
    return file.data.bytes().data() + (i - file.first) * record_;
  }

  // Planes R, G, B -> [32,32,3].
  static void interleave(const uint8_t* planes, uint8_t* out) {
    for (int64_t p = 0; p < kPlane; ++p) {
      out[3 * p] = planes[p];
      out[3 * p + 1] = planes[kPlane + p];
      out[3 * p + 2] = planes[2 * kPlane + p];
    }
  }

  std::vector<std::string> classes_;
  int64_t label_bytes_, record_;
  std::vector<CifarFile> files_;
  int64_t size_ = 0;
};

std::string trimmed(const std::string& line) {
  const auto first = line.find_first_not_of(" \t\r");
  if (first == std::string::npos) return "";
  return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

// The folder's own class names where it has them, else the standard ones.
std::vector<std::string> read_classes(const std::string& folder, const CifarLayout& layout) {
  const auto path = std::filesystem::path(folder) / layout.class_file;
  if (!std::filesystem::exists(path)) return layout.classes;
  CHECK(std::filesystem::is_regular_file(path), path.string(), " is not a regular file");
  std::ifstream in(path);
  CHECK(in.good(), "cannot read ", path.string());
  std::vector<std::string> names;
  for (std::string line; std::getline(in, line) && names.size() <= layout.classes.size();)
    if (!trimmed(line).empty()) names.push_back(trimmed(line));
  CHECK(names.size() == layout.classes.size(), path.string(), " names ", names.size(), " classes; ", layout.name,
        " has ", layout.classes.size(), ": put one name on each line, or remove the file to use the standard names");
  for (auto name = names.begin(); name != names.end(); ++name)
    CHECK(std::find(names.begin(), name, *name) == name, path.string(), " names the class '", *name,
          "' twice: give every class a name of its own, or remove the file to use the standard names");
  return names;
}

}  // namespace

DataSplits open_cifar(const std::string& folder, const CifarLayout& layout) {
  std::string missing;
  std::vector<std::string> all = layout.train_files;
  all.push_back(layout.test_file);
  for (const std::string& name : all)
    if (!std::filesystem::exists(std::filesystem::path(folder) / name)) missing += (missing.empty() ? "" : ", ") + name;
  CHECK(missing.empty(), folder, " looks like ", layout.name, " but lacks ", missing, ": unpack its archive again");
  const std::vector<std::string> classes = read_classes(folder, layout);
  DataSplits splits;
  splits.train = std::make_shared<Cifar>(folder, layout.train_files, layout, classes);
  splits.val = std::make_shared<Cifar>(folder, std::vector{layout.test_file}, layout, classes);
  splits.description =
      join(layout.name, ", ", splits.train->size(), " + ", splits.val->size(), " pictures of ", kSide, "x", kSide);
  return splits;
}

}  // namespace resnet
