// The flags that say what a network is shown of a picture, of eval and predict.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "resnet/eval.h"

namespace resnet::cli {

/// `--crops`, `--scales`, `--flip`.
void add_protocol_flags(CLI::App& app, TestProtocol& protocol);
/// "10 crops", for people; "" for the centre alone.
std::string protocol_words(const TestProtocol& protocol);

}  // namespace resnet::cli
