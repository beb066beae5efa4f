// Files that come with the program (recipes, default weights), found relative to the executable: installed under
// PREFIX/share/resnet, or in the source tree around a build folder.
#pragma once

#include <string>

namespace resnet::cli {

/// The first of WHERE/relative that exists, in the installation or the source tree; "" if none does.
std::string find_asset(const std::string& relative);

/// The weights that come with the program; RESNET_WEIGHTS_DIR is looked at first. Throws Error saying what to do.
std::string default_weights();
/// `weights`, or the default ones if it is empty.
std::string weights_or_default(const std::string& weights);

/// A recipe as given (a path), or one of the program's by its short name ("cifar10/resnet20"). Throws Error.
std::string find_recipe(const std::string& name);

}  // namespace resnet::cli
