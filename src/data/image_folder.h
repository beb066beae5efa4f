// Folders of picture files: one folder a class, as torchvision's ImageFolder reads them, with or without train/ and val/.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/encoded.h"

namespace resnet {

/// Opens `folder` when it holds picture files in folders a class: beside each other, or in train/ and val/ (also valid/,
/// validation/, test/). Nothing where it holds no such thing. Throws Error for what looks like it but cannot work.
std::optional<DataSplits> open_picture_folders(const std::string& folder, const DataOptions& options);

/// The pictures under the class folders of `folder`, classes and files in the order of their names; hidden files are
/// ignored, others that are no pictures are counted in a note.
std::shared_ptr<const Dataset> open_class_folders(const std::filesystem::path& folder, bool skip_bad,
                                                  std::vector<std::string>& notes);

/// Whether a name ends as those of files that can be decoded.
bool is_picture_name(const std::filesystem::path& path);
/// Names of the folders in `folder`, sorted, without hidden ones.
std::vector<std::string> folders_in(const std::filesystem::path& folder);

}  // namespace resnet
