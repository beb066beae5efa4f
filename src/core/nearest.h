// "Did you mean …?"
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace resnet {

/// The choice with the smallest edit distance to `word` (the first of equals); empty when there are no choices.
std::string nearest(std::string_view word, const std::vector<std::string>& choices);

}  // namespace resnet
