// Folders of picture files: one folder a class, as torchvision's ImageFolder reads them, with or without train/ and val/.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/encoded.h"
#include "data/names.h"

namespace resnet {

/// Picture files under a folder, in the order in which they are added.
class PictureFiles : public EncodedDataset {
 public:
  PictureFiles(std::filesystem::path folder, std::vector<std::string> classes, bool skip_bad)
      : EncodedDataset(std::move(classes), skip_bad), folder_(std::move(folder)) {}

  /// `inside`: the path from the folder on.
  void add(const std::string& inside, int label) {
    names_.add(inside);
    labels_.push_back(label);
  }

  int64_t size() const override { return static_cast<int64_t>(labels_.size()); }
  int label(int64_t i) const override { return labels_.at(static_cast<size_t>(i)); }
  std::string id(int64_t i) const override { return names_.at(i); }
  std::string path(int64_t i) const override { return (folder_ / id(i)).string(); }
  Bytes bytes(int64_t i, std::vector<uint8_t>& buffer) const override { return read_file(path(i), buffer); }

 private:
  std::filesystem::path folder_;
  Names names_;
  std::vector<int> labels_;
};

/// Opens `folder` when it holds picture files in folders a class: beside each other, or in train/ and val/ (also valid/,
/// validation/, test/). Nothing where it holds no such thing. Throws Error for what looks like it but cannot work.
std::optional<DataSplits> open_picture_folders(const std::string& folder, const DataOptions& options);

/// The pictures under the class folders of `folder`, classes and files in the order of their names; hidden files are
/// ignored, others that are no pictures are counted in a note.
std::shared_ptr<const Dataset> open_class_folders(const std::filesystem::path& folder, bool skip_bad,
                                                  std::vector<std::string>& notes);

/// "a, b, c, d and 12 more": the classes of `left` that are not among those of `right`; empty for none.
std::string only_in(const std::vector<std::string>& left, const std::vector<std::string>& right);

/// Whether a name ends as those of files that can be decoded.
bool is_picture_name(const std::filesystem::path& path);
/// Names of the folders in `folder`, sorted, without hidden ones.
std::vector<std::string> folders_in(const std::filesystem::path& folder);

}  // namespace resnet
