// Which oneDNN the program runs with, for `resnet info`; free of oneDNN's types.
#pragma once

#include <string>

namespace resnet {

std::string onednn_version();  ///< of the loaded library: "2.6.3"

}  // namespace resnet
