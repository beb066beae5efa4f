// Files of other programs: which of our networks their tensors belong to, and what else a checkpoint must say.
#pragma once

#include <string>
#include <vector>

#include "resnet/checkpoint.h"

namespace resnet {

/// Names of the networks that have exactly these tensors, whatever the number of classes; torchvision's form stands for
/// the paper's (-v1), which has the same ones.
std::vector<std::string> fitting_models(const StateDict& tensors);

/// The tensors under torchvision's names, with all that makes a checkpoint of them: model (`model`, or what the file says,
/// or what the tensors fit), classes, preprocessing. A checkpoint of ours stays as it is. `notes` say what was recognised
/// and assumed. Throws Error naming --model where the tensors fit no network or several.
SafetensorsFile completed(SafetensorsFile file, const std::string& path, const std::string& model);

/// Whether these are the names that completed() gives where the file has none: "class 0", "class 1", …
bool are_numbers(const std::vector<std::string>& classes);

}  // namespace resnet
