#include "cli/protocol_flags.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/common.h"

namespace resnet::cli {

void add_protocol_flags(CLI::App& app, TestProtocol& protocol) {
  const auto is_count = [](const std::string& text) -> std::string {
    return text == "1" || text == "10" ? "" : "must be 1 or 10, not '" + text + "'";
  };
  CLI::Option* crops = app.add_option("--crops", protocol.crops,
                                      "1: the centre; 10: corners and centre of the picture and of its mirror image")
                           ->check(CLI::Validator(is_count, ""))
                           ->type_name("1|10")
                           ->capture_default_str();
  CLI::Option* scales =
      app.add_option("--scales", protocol.scales,
                     "Instead of crops: the whole picture and its mirror image with its shorter side at "
                     "each of these sizes (the paper: 224,256,384,480,640)")
          ->delimiter(',')
          ->allow_extra_args(false)
          ->check(whole_number(1, 1 << 14))
          ->type_name("N,N,...");
  CLI::Option* flip = app.add_flag("--flip", protocol.flip, "The mirror image of the crop too");
  CLI::Option* shift =
      app.add_option("--shift", protocol.shift, "The crop moved by this many pixels too: up and left, down and right")
          ->check(whole_number(0, 1 << 14))
          ->type_name("N");
  scales->excludes(crops)->excludes(flip)->excludes(shift);
  flip->excludes(crops);
  shift->excludes(crops);
}

std::string protocol_words(const TestProtocol& protocol) {
  if (!protocol.scales.empty())
    return fmt::format("whole pictures and mirror images, shorter side {}", fmt::join(protocol.scales, ", "));
  if (protocol.crops == 10) return "10 crops";
  std::string words = protocol.shift > 0 ? fmt::format("centre, and moved by {} both ways", protocol.shift) : "";
  if (protocol.flip) words += words.empty() ? "centre and mirror image" : ", with mirror images";
  return words;
}

}  // namespace resnet::cli
