#include "ops/cpu/conv_pass.h"

#include <algorithm>

#include "ops/cpu/conv.h"

namespace resnet {

namespace {

std::vector<ConvPassEntry>& registry() {
  static std::vector<ConvPassEntry> entries;
  return entries;
}

}  // namespace

RegisterConvPass::RegisterConvPass(ConvPassEntry entry) {
  register_conv_kernel(entry.name, entry.rank);
  registry().push_back(std::move(entry));
  std::stable_sort(registry().begin(), registry().end(), [](auto& a, auto& b) { return a.rank > b.rank; });
}

const std::vector<ConvPassEntry>& conv_passes() { return registry(); }

}  // namespace resnet
