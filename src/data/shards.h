// Tar archives of pictures as WebDataset writes them: KEY.jpg and KEY.cls beside each other, in several archives.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "resnet/data.h"

namespace resnet {

/// Opens `folder` when it holds .tar files: in train/ and val/ (also valid/, validation/, test/), or beside each other with
/// these words in their names, or all one set. Nothing where there is none.
/// A picture is a member KEY.jpg (.jpeg, .png, .webp); KEY.cls beside it holds the number of its class from 0 on, whose name
/// is the line of classes.txt (or classnames.txt) in the folder; without such a file the classes are their numbers.
/// Throws Error naming archive and member.
std::optional<DataSplits> open_shards(const std::string& folder, const DataOptions& options);

}  // namespace resnet
