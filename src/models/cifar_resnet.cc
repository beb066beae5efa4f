// The CIFAR-10 networks of section 4.2: 6n+2 layers, three stages of n blocks with 16, 32 and 64 channels.
#include <charconv>

#include "core/check.h"
#include "models/blocks.h"
#include "models/registry.h"
#include "ops/relu.h"

namespace resnet {

namespace {

constexpr int kMaxDepth = 1202;

Graph build(int n, const BlockStyle& style) {
  const int64_t size = style.options.image_size ? style.options.image_size : 32;
  const int64_t classes = style.options.classes ? style.options.classes : 10;
  Graph g;
  NodeId x = conv_bn(g, "conv1", "bn1", g.input(size, size, 3), {16, 3, 1}, style.options);
  x = g.add("relu", std::make_shared<Relu>(), {x});
  for (int stage = 0; stage < 3; ++stage)
    for (int i = 0; i < n; ++i)
      x = basic_block(g, join("layer", stage + 1, ".", i), x, int64_t{16} << stage, stage > 0 && i == 0 ? 2 : 1, style);
  head(g, x, classes);
  return g;
}

std::optional<Graph> make(const std::string& name, const ModelOptions& options) {
  BlockStyle style;
  style.options = options;
  std::string rest;
  if (name.rfind("cifar-resnet", 0) == 0) {
    rest = name.substr(12);
    style.shortcut = Shortcut::a;
  } else if (name.rfind("cifar-plain", 0) == 0) {
    rest = name.substr(11);
    style.shortcut = Shortcut::none;
  } else {
    return std::nullopt;
  }
  int depth = 0;
  const char* last = rest.data() + rest.size();
  const auto [end, error] = std::from_chars(rest.data(), last, depth);
  if (error != std::errc()) return std::nullopt;
  const std::string option(end, last);
  CHECK(depth >= 8 && depth <= kMaxDepth && (depth - 2) % 6 == 0, "'", name,
        "': the depth is 6n+2 (8, 14, 20, 26, 32 … ", kMaxDepth, "), not ", depth);
  if (option == "-a" || option == "-b" || option == "-c") {
    CHECK(style.shortcut != Shortcut::none, "'", name, "': a plain network has no shortcuts; drop '", option, "'");
    style.shortcut = option == "-a" ? Shortcut::a : option == "-b" ? Shortcut::b : Shortcut::c;
  } else if (!option.empty()) {
    return std::nullopt;
  }
  return build((depth - 2) / 6, style);
}

const RegisterModels registered{{{"cifar-resnet20", "cifar-resnet32", "cifar-resnet44", "cifar-resnet56",
                                  "cifar-resnet110", "cifar-resnet1202", "cifar-plain20", "cifar-plain56"},
                                 make}};

}  // namespace

}  // namespace resnet
