// Parts of recipes that only training needs.
#pragma once

#include <string>

#include "resnet/train.h"

namespace resnet {

/// As load_recipe, from text; `name` stands in messages.
TrainConfig parse_recipe(const std::string& text, const std::string& name);

/// The settings of `now` that differ from `then` and must not when a run goes on, for people; empty where none does. What
/// `now` leaves to the machine or the data ("auto", an image size of 0) differs from nothing.
std::string changed_settings(const TrainConfig& now, const TrainConfig& then);

/// Throws Error naming the settings of `now` (resolved) that differ from those stored in `path` and must not when a run goes on.
void check_resumable(const TrainConfig& now, const TrainConfig& stored, const std::string& path);

}  // namespace resnet
