// What a step does, for people: its work and traffic, without times.
#pragma once

#include "engine/compile.h"

namespace resnet {

StepInfo step_info(const Compiled& c, const Step& step, bool train);

}  // namespace resnet
