// Pictures that lie in one folder, with their labels in a text file: ImageNet's validation pictures as they are distributed.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "resnet/data.h"

namespace resnet {

/// Opens `folder` when picture files lie directly in it and a file of labels is found there, beside it, or in a development
/// kit in either; else null. `known`: the classes of the training pictures, or none (see read_ground_truth).
std::shared_ptr<const Dataset> open_flat_folder(const std::filesystem::path& folder, bool skip_bad,
                                                const std::vector<std::string>& known);

/// Whether picture files lie directly in it.
bool holds_pictures(const std::filesystem::path& folder);

}  // namespace resnet
