#include "data/shards.h"

#include <algorithm>
#include <charconv>
#include <fstream>

#include "core/check.h"
#include "data/encoded.h"
#include "data/hold_out.h"
#include "data/image_folder.h"
#include "data/names.h"
#include "data/subset.h"
#include "data/tar.h"

namespace resnet {

namespace {

namespace fs = std::filesystem;

using Paths = std::vector<fs::path>;

constexpr uint64_t kLongestLabel = 32;

struct Sample {
  uint32_t shard, size;
  uint64_t offset;
  int label;
};

// The samples of some archives, before it is known how many classes there are.
struct Samples {
  Paths shards;
  std::vector<Sample> list;
  Names names;  // of the members
  int classes = 0;
  int64_t others = 0;
  std::string first_other;
};

class Shards : public EncodedDataset {
 public:
  Shards(Samples samples, std::vector<std::string> classes, bool skip_bad)
      : EncodedDataset(std::move(classes), skip_bad), samples_(std::move(samples)) {}

  int64_t size() const override { return static_cast<int64_t>(samples_.list.size()); }
  int label(int64_t i) const override { return at(i).label; }
  std::string id(int64_t i) const override {
    return samples_.shards[at(i).shard].filename().string() + "/" + samples_.names.at(i);
  }
  std::string path(int64_t i) const override {
    return samples_.shards[at(i).shard].string() + "/" + samples_.names.at(i);
  }
  Bytes bytes(int64_t i, std::vector<uint8_t>& buffer) const override {
    const Sample& sample = at(i);
    buffer.resize(sample.size);
    OpenFile(samples_.shards[sample.shard].string()).read_at(sample.offset, buffer);
    return buffer;
  }

 private:
  const Sample& at(int64_t i) const { return samples_.list.at(static_cast<size_t>(i)); }

  Samples samples_;
};

// Groups neighbouring members by their key, the name up to the first dot of its last part.
class Grouper {
 public:
  Grouper(Samples& samples, const OpenFile& file, uint32_t shard) : samples_(samples), file_(file), shard_(shard) {}

  void add(const TarMember& member) {
    const size_t dot = member.name.find('.', member.name.rfind('/') + 1);
    const std::string key = member.name.substr(0, dot), end = dot == std::string::npos ? "" : member.name.substr(dot);
    if (key != key_) finish();
    key_ = key;
    if (end == ".cls")
      label_ = read_label(member);
    else if (is_picture_name(member.name) && picture_.name.empty())
      picture_ = member;
    else if (is_picture_name(member.name))
      pass_over(member.name);
  }

  // Ends the sample that add() is at.
  void finish() {
    if (!picture_.name.empty() && label_ >= 0 && picture_.size <= UINT32_MAX) {
      samples_.list.push_back({shard_, static_cast<uint32_t>(picture_.size), picture_.offset, label_});
      samples_.names.add(picture_.name);
      samples_.classes = std::max(samples_.classes, label_ + 1);
    } else if (!picture_.name.empty()) {
      pass_over(picture_.name);
    }
    picture_ = {};
    label_ = -1;
  }

 private:
  int read_label(const TarMember& member) const {
    std::string text(std::min(member.size, kLongestLabel), '\0');
    file_.read_at(member.offset, {reinterpret_cast<uint8_t*>(text.data()), text.size()});
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
    int label = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), label);
    CHECK(error == std::errc() && end == text.data() + text.size() && label >= 0 && label < (1 << 20), file_.path(),
          "/", member.name, ": the label is '", text, "'; the number of a class was expected");
    return label;
  }

  void pass_over(const std::string& name) {
    if (samples_.others++ == 0) samples_.first_other = file_.path() + "/" + name;
  }

  Samples& samples_;
  const OpenFile& file_;
  uint32_t shard_;
  std::string key_;
  TarMember picture_{};
  int label_ = -1;
};

Samples read_samples(Paths shards, bool skip_bad, std::vector<std::string>& notes) {
  Samples samples;
  samples.shards = std::move(shards);
  for (uint32_t s = 0; s < samples.shards.size(); ++s) {
    const OpenFile file(samples.shards[s].string());
    const TarListing listing =
        list_tar(file.size(), [&](uint64_t at, std::span<uint8_t> out) { file.read_at(at, out); });
    CHECK(listing.damage.empty() || skip_bad, file.path(), ": ", listing.damage,
          "; mend it, or go on with what comes before: --bad-images skip");
    if (!listing.damage.empty())
      notes.push_back(join(file.path(), ": ", listing.damage, "; what comes before is used"));
    Grouper grouper(samples, file, s);
    for (const TarMember& member : listing.members) grouper.add(member);
    grouper.finish();
  }
  if (samples.others > 0)
    notes.push_back(join(samples.others, " pictures are passed over, they have no label of their own (",
                         samples.first_other, samples.others > 1 ? ", …)" : ")"));
  return samples;
}

Paths archives_in(const fs::path& folder) {
  Paths paths;
  if (!fs::is_directory(folder)) return paths;
  fs::path compressed;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with('.') || entry.is_directory()) continue;
    if (name.ends_with(".tar")) paths.push_back(entry.path());
    if (name.find(".tar.") != std::string::npos || name.ends_with(".tgz")) compressed = entry.path();
  }
  CHECK(paths.empty() || compressed.empty(), compressed.string(),
        " is compressed, and pictures are read where they lie; unpack it to a .tar, or move it away");
  std::sort(paths.begin(), paths.end());
  return paths;
}

// Which archives are for training and which for validation; without such words all are in `all`.
struct Found {
  Paths train, val, all;
};

Found find_archives(const fs::path& folder) {
  Found found;
  found.train = archives_in(folder / "train");
  for (const char* name : {"val", "valid", "validation", "test"})
    if (found.val.empty()) found.val = archives_in(folder / name);
  for (const fs::path& path : archives_in(folder)) {
    const std::string name = path.filename().string();
    const auto has = [&](const char* word) { return name.find(word) != std::string::npos; };
    Paths& part = has("train") ? found.train : has("val") || has("test") ? found.val : found.all;
    part.push_back(path);
  }
  return found;
}

std::vector<std::string> class_names(const fs::path& folder, int count) {
  std::vector<std::string> names;
  for (const char* file : {"classes.txt", "classnames.txt"}) {
    std::ifstream in(folder / file);
    for (std::string line; std::getline(in, line);) {
      if (line.ends_with('\r')) line.pop_back();
      if (!line.empty()) names.push_back(line);
    }
    if (names.empty()) continue;
    std::vector<std::string> sorted = names;
    std::sort(sorted.begin(), sorted.end());
    const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
    CHECK(twice == sorted.end(), (folder / file).string(), " names the class '", *twice, "' twice");
    CHECK(static_cast<int>(names.size()) >= count, (folder / file).string(), " names ", names.size(),
          " classes, but there are labels up to ", count - 1);
    return names;
  }
  for (int k = 0; k < count; ++k) names.push_back(std::to_string(k));
  return names;
}

}  // namespace

std::optional<DataSplits> open_shards(const std::string& folder, const DataOptions& options) {
  Found found = find_archives(folder);
  if (found.train.empty() && found.val.empty() && found.all.empty()) return std::nullopt;
  CHECK(found.all.empty() || (found.train.empty() && found.val.empty()), found.all.front().string(),
        ": neither 'train' nor 'val' is in its name, as in those of other archives here");
  DataSplits splits;
  if (found.train.empty()) found.train = std::move(found.all);
  const size_t archives = found.train.size() + found.val.size();
  Samples train = read_samples(std::move(found.train), options.skip_bad_images, splits.notes);
  Samples val = read_samples(std::move(found.val), options.skip_bad_images, splits.notes);
  CHECK(!train.list.empty() || !val.list.empty(), folder,
        ": no labelled picture in its archives; looked for KEY.jpg and KEY.cls (a class's number)");
  const std::vector<std::string> classes = class_names(folder, std::max(train.classes, val.classes));
  splits.train = std::make_shared<Shards>(std::move(train), classes, options.skip_bad_images);
  splits.val = std::make_shared<Shards>(std::move(val), classes, options.skip_bad_images);
  complete_splits(splits, options);
  splits.description = join("pictures in ", archives, " archives, ", splits.description);
  return splits;
}

}  // namespace resnet
