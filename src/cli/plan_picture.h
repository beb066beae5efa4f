// Where the time of a profiled plan goes, as a picture.
#pragma once

#include <string>
#include <vector>

#include "engine/roofline.h"

namespace resnet::cli {

/// An SVG file with a bar for every step (of larger networks: block, or stage) and for every kind of step, beside the least time
/// that this machine needs for it.
std::string plan_picture(const std::string& title, const std::vector<StepInfo>& steps, const Roofline& roof);

}  // namespace resnet::cli
